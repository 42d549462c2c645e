package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// maxContents is the most that one disk's file may have here, in bytes.
const maxContents = 256 << 20

// sector is VMDK's, in bytes.
const sector = 512

// ServeHTTP takes and gives the bytes of the files of leases.
func (t *transfers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l, f := t.fileOf(r)
	if f == nil {
		http.Error(w, "no such lease or file", http.StatusNotFound)
		return
	}
	switch {
	case r.Method == http.MethodGet && !l.imports:
		t.give(w, r, f)
	case r.Method == http.MethodPost && l.imports:
		t.receive(w, r, l, f)
	default:
		http.Error(w, "not of this lease", http.StatusMethodNotAllowed)
	}
}

func (t *transfers) receive(w http.ResponseWriter, r *http.Request, l *lease, f *file) {
	content, err := io.ReadAll(&faulty{r.Body, t, r, 0})
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	words := ""
	switch {
	case r.Header.Get("Content-Type") != "application/x-vnd.vmware-streamVmdk":
		words = "the file is not said to be a stream-optimized VMDK"
	case len(content) < 2*sector || string(content[:4]) != "KDMV":
		words = "the file is no VMDK"
	case int64(binary.LittleEndian.Uint64(content[12:]))*sector != f.capacity:
		words = "the VMDK is not of the size of its disk"
	case binary.LittleEndian.Uint64(content[len(content)-sector:]) != 0:
		words = "the VMDK has no end"
	}
	if words != "" {
		l.fail(&types.InvalidArgument{InvalidProperty: "disk"}, words)
		http.Error(w, words, http.StatusInternalServerError)
		return
	}
	sum := sha1.Sum(content)
	t.one.Lock()
	f.sha1, f.size = hex.EncodeToString(sum[:]), int64(len(content))
	t.contents[f.content] = content
	t.one.Unlock()
	w.WriteHeader(http.StatusOK)
}

func (t *transfers) give(w http.ResponseWriter, r *http.Request, f *file) {
	t.one.Lock()
	content := t.contents[f.content]
	if content == nil {
		content = blank(f.capacity)
	}
	sum := sha1.Sum(content)
	f.sha1, f.size = hex.EncodeToString(sum[:]), int64(len(content))
	t.one.Unlock()
	w.Header().Set("Content-Type", "application/x-vnd.vmware-streamVmdk")
	_, err := io.Copy(flushing{w}, &faulty{bytes.NewReader(content), t, r, 0})
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// faulty reads as the transfers are told to go wrong.
type faulty struct {
	io.Reader
	of   *transfers
	r    *http.Request
	read int64
}

func (f *faulty) Read(into []byte) (int, error) {
	if f.read > maxContents {
		return 0, fmt.Errorf("more than %d bytes", maxContents)
	}
	if limit := f.of.breakAfter.Load(); limit > 0 && f.read >= limit {
		return 0, io.ErrUnexpectedEOF
	}
	for limit := f.of.holdAfter.Load(); limit > 0 && f.read >= limit && f.r.Context().Err() == nil; limit = f.of.holdAfter.Load() {
		time.Sleep(10 * time.Millisecond)
	}
	n, err := f.Reader.Read(into[:min(len(into), 4096)])
	f.read += int64(n)
	return n, err
}

// flushing sends each piece at once.
type flushing struct{ http.ResponseWriter }

func (f flushing) Write(piece []byte) (int, error) {
	n, err := f.ResponseWriter.Write(piece)
	if flusher, ok := f.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
	return n, err
}

// blank is a stream-optimized VMDK of nothing but zeros, as vCenter writes it: no grains, and an empty directory at the end.
func blank(capacity int64) []byte {
	const grain, overhead = 128, 128
	sectors := capacity / sector
	tables := (sectors + grain*512 - 1) / (grain * 512)
	directory := make([]byte, (tables*4+sector-1)/sector*sector)
	header := func(at uint64) []byte {
		head := make([]byte, sector)
		copy(head, "KDMV")
		little := binary.LittleEndian
		little.PutUint32(head[4:], 3)
		little.PutUint32(head[8:], 1|1<<16|1<<17)
		little.PutUint64(head[12:], uint64(sectors))
		little.PutUint64(head[20:], grain)
		little.PutUint64(head[28:], 1)
		little.PutUint64(head[36:], 20)
		little.PutUint32(head[44:], 512)
		little.PutUint64(head[56:], at)
		little.PutUint64(head[64:], overhead)
		copy(head[73:], "\n \r\n")
		little.PutUint16(head[77:], 1)
		return head
	}
	marker := func(kind uint32, length int) []byte {
		mark := make([]byte, sector)
		binary.LittleEndian.PutUint64(mark, uint64(length))
		binary.LittleEndian.PutUint32(mark[12:], kind)
		return mark
	}
	beginning := make([]byte, overhead*sector)
	copy(beginning, header(^uint64(0)))
	copy(beginning[sector:], fmt.Sprintf("# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"+
		"createType=\"streamOptimized\"\n\n# Extent description\nRW %d SPARSE \"blank.vmdk\"\n", sectors))
	parts := [][]byte{
		beginning, marker(2, len(directory)/sector), directory, marker(3, 1), header(overhead + 1), marker(0, 0),
	}
	return bytes.Join(parts, nil)
}
