package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// What vCenter does and the simulator does not, so far as it matters to a driver: machine names are unique in a folder
// also for CreateVM_Task; a clone has the annotation of its specification; an empty annotation erases; snapshots can be
// renamed; reverting brings the power state back; a guest has its tools running (until told otherwise), and without them
// it is not shut down. Of networks and network cards: networks.go.

// emptied stands for an empty text inside the simulator, which takes an empty one for none. It never leaves it.
const emptied = "\uE000"

// mannerly is a folder of machines.
type mannerly struct {
	*simulator.Folder
	annotations *sync.Map
}

// CreateVMTask is called for clones, too.
func (f *mannerly) CreateVMTask(ctx *simulator.Context, req *types.CreateVM_Task) soap.HasFault {
	if text, ok := f.annotations.LoadAndDelete(req.Config.Name); ok && req.Config.Annotation == "" {
		req.Config.Annotation = text.(string)
	}
	ownMacs(&req.Config)
	forgetFcds(req.Config.DeviceChange)
	name, folder := req.Config.Name, f.Folder
	if existing := ctx.Map.FindByName(name, folder.ChildEntity); existing != nil {
		task := simulator.CreateTask(folder, "createVm", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
			return nil, &types.DuplicateName{Name: name, Object: existing.Reference()}
		})
		return &methods.CreateVM_TaskBody{Res: &types.CreateVM_TaskResponse{Returnval: task.Run(ctx)}}
	}
	return folder.CreateVMTask(ctx, req)
}

// tools run in every guest that has been powered on.
type tools struct{ self types.ManagedObjectReference }

func (t *tools) Reference() types.ManagedObjectReference                       { return t.self }
func (t *tools) PutObject(*simulator.Context, mo.Reference)                    {}
func (t *tools) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}
func (t *tools) UpdateObject(_ *simulator.Context, obj mo.Reference, changes []types.PropertyChange) {
	vm, ok := obj.(*mo.VirtualMachine)
	for _, change := range changes {
		if ok && change.Name == "runtime.powerState" && change.Val == types.VirtualMachinePowerStatePoweredOn && vm.Guest != nil {
			vm.Guest.ToolsRunningStatus = string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)
		}
	}
}

// manner looks at a call before the simulator does: it may refuse it, or have it answered by another object.
type manner func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault)

// inTurn asks one after the other; the first that has something to say decides.
func inTurn(all ...manner) manner {
	return func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		for _, each := range all {
			if object, fault := each(ctx, method); object != nil || fault != nil {
				return object, fault
			}
		}
		return nil, nil
	}
}

type manners struct {
	model       *simulator.Model
	annotations sync.Map
	next        http.Handler
	control     *control
	// user is who logs in; the simulator's own tasks name somebody else.
	user string
}

// teach puts the manners in front of the simulator.
func teach(model *simulator.Model) *manners {
	m := &manners{model: model, control: &control{model: model}}
	for _, entity := range model.Map().All("Datacenter") {
		dc := entity.(*simulator.Datacenter)
		folder := model.Map().Get(dc.VmFolder).(*simulator.Folder)
		model.Map().Put(&mannerly{Folder: folder, annotations: &m.annotations})
	}
	model.Map().AddHandler(&tools{types.ManagedObjectReference{Type: "Manners", Value: "tools"}})
	model.Map().Handler = inTurn(teachTransfers(model), teachNetworks(model), teachStorage(model), teachStatistics())
	return m
}

type call struct {
	Body struct {
		Clone *struct {
			This       string `xml:"_this"`
			Name       string `xml:"name"`
			Annotation string `xml:"spec>config>annotation"`
		} `xml:"CloneVM_Task"`
		Rename *struct {
			This        string `xml:"_this"`
			Name        string `xml:"name"`
			Description string `xml:"description"`
		} `xml:"RenameSnapshot"`
		Revert *struct {
			This string `xml:"_this"`
		} `xml:"RevertToSnapshot_Task"`
		Shutdown *struct {
			This string `xml:"_this"`
		} `xml:"ShutdownGuest"`
	} `xml:"Body"`
}

func (m *manners) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/control" {
		m.control.ServeHTTP(w, r)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/nfc/") {
		nfc.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body = bytes.ReplaceAll(body, []byte("<annotation></annotation>"), []byte("<annotation>"+emptied+"</annotation>"))
	body = bytes.ReplaceAll(body, []byte("<description></description>"), []byte("<description>"+emptied+"</description>"))
	var asked call
	if xml.Unmarshal(body, &asked) == nil && m.prepare(w, &asked) {
		return
	}
	if m.refuseResize(w, body) {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	answer := &held{header: w.Header(), status: http.StatusOK}
	m.next.ServeHTTP(answer, r)
	text := bytes.ReplaceAll(answer.body.Bytes(), []byte(emptied), nil)
	if m.user != "" {
		text = bytes.ReplaceAll(text, []byte("<userName>vcsim</userName>"), []byte("<userName>"+m.user+"</userName>"))
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	w.WriteHeader(answer.status)
	_, _ = w.Write(text)
}

// prepare does what must be done before the simulator sees a call; true where it has been answered here.
func (m *manners) prepare(w http.ResponseWriter, asked *call) bool {
	if clone := asked.Body.Clone; clone != nil {
		m.annotations.Store(clone.Name, clone.Annotation)
		nfc.copying(clone.This, clone.Name)
	}
	if revert := asked.Body.Revert; revert != nil {
		m.withSnapshot(revert.This, func(vm *simulator.VirtualMachine, node *types.VirtualMachineSnapshotTree) {
			m.model.Service.Context.Update(vm, []types.PropertyChange{
				{Name: "runtime.powerState", Val: node.State}, {Name: "summary.runtime.powerState", Val: node.State},
			})
		})
	}
	if shutdown := asked.Body.Shutdown; shutdown != nil && !m.hasTools(shutdown.This) {
		say(w, fault("ToolsUnavailable"))
		return true
	}
	rename := asked.Body.Rename
	if rename == nil {
		return false
	}
	found := m.withSnapshot(rename.This, func(_ *simulator.VirtualMachine, node *types.VirtualMachineSnapshotTree) {
		node.Name, node.Description = rename.Name, rename.Description
	})
	if found {
		say(w, `<RenameSnapshotResponse xmlns="urn:vim25"></RenameSnapshotResponse>`)
	} else {
		say(w, fault("ManagedObjectNotFound"))
	}
	return true
}

func fault(name string) string {
	return fmt.Sprintf(`<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring></faultstring><detail>`+
		`<%[1]sFault xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="%[1]s"/></detail></soapenv:Fault>`, name)
}

func say(w http.ResponseWriter, inner string) {
	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>%s</soapenv:Body></soapenv:Envelope>`, inner)
}

// hasTools is true also for what does not run or is not there: the simulator has its own words for that.
func (m *manners) hasTools(key string) bool {
	vm, ok := m.model.Map().Get(types.ManagedObjectReference{Type: "VirtualMachine", Value: key}).(*simulator.VirtualMachine)
	if !ok || vm.Guest == nil || vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		return true
	}
	return vm.Guest.ToolsRunningStatus == string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)
}

func (m *manners) withSnapshot(key string, do func(*simulator.VirtualMachine, *types.VirtualMachineSnapshotTree)) bool {
	ctx := m.model.Service.Context
	ref := types.ManagedObjectReference{Type: "VirtualMachineSnapshot", Value: key}
	snapshot, ok := ctx.Map.Get(ref).(*simulator.VirtualMachineSnapshot)
	if !ok {
		return false
	}
	vm, ok := ctx.Map.Get(snapshot.Vm).(*simulator.VirtualMachine)
	if !ok {
		return false
	}
	ctx.Map.WithLock(ctx, vm, func() {
		if vm.Snapshot != nil {
			if node := branch(vm.Snapshot.RootSnapshotList, ref); node != nil {
				do(vm, node)
			}
		}
	})
	return true
}

func branch(tree []types.VirtualMachineSnapshotTree, ref types.ManagedObjectReference) *types.VirtualMachineSnapshotTree {
	for i := range tree {
		if tree[i].Snapshot == ref {
			return &tree[i]
		}
		if found := branch(tree[i].ChildSnapshotList, ref); found != nil {
			return found
		}
	}
	return nil
}

// held keeps an answer until it is whole.
type held struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *held) Header() http.Header            { return h.header }
func (h *held) WriteHeader(status int)         { h.status = status }
func (h *held) Write(text []byte) (int, error) { return h.body.Write(text) }
