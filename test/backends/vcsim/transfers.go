package main

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Stand-ins of ours for vCenter's transfers (HttpNfcLease). The simulator's own ImportVApp does not go together with wrapped
// folders, throws away what it is sent, and lets a lease live for ever; it has no ExportVm. Here the bytes of an import are
// kept with the machine's disk and given out by an export, of a template, too; a disk that nothing was sent for is zeros. A
// lease ends where nobody tells its progress in time. The machine of an import lease that ends otherwise than by
// HttpNfcLeaseComplete is destroyed, and nobody else can destroy it before. Whether vCenter re-encodes a disk is not shown:
// it gives the very bytes that it got.

// transfers keeps leases, and what the disks of machines hold.
type transfers struct {
	one    sync.Mutex
	leases map[string]*lease
	// contents by machine and name of the file of its disk.
	contents map[string][]byte
	// origins are the machines that copies were made from, by the copies' names.
	origins map[string]string
	model   *simulator.Model
	// url of the simulator, which its leases tell.
	url string
	// seconds of a new lease; breakAfter and holdAfter bytes something goes wrong with a transfer (0: nothing does).
	seconds    atomic.Int32
	breakAfter atomic.Int64
	holdAfter  atomic.Int64
	star       atomic.Bool
}

var nfc = &transfers{leases: map[string]*lease{}, contents: map[string][]byte{}, origins: map[string]string{}}

// leaseSeconds is what vCenter gives.
const leaseSeconds = 300

// nfcOrder is the part of an order that is about transfers.
type nfcOrder struct {
	// Seconds without progress after which leases that begin now end.
	Seconds int32
	// BreakAfter cuts the connection of each transfer after so many bytes; HoldAfter lets it stand still there.
	BreakAfter, HoldAfter int64
	// Star has leases name `*` for the host, as a host by itself does: whoever was asked.
	Star bool
}

func (t *transfers) obey(asked *nfcOrder) {
	t.seconds.Store(asked.Seconds)
	t.breakAfter.Store(asked.BreakAfter)
	t.holdAfter.Store(asked.HoldAfter)
	t.star.Store(asked.Star)
}

// underWay tells the machines of leases that have not ended.
func (t *transfers) underWay() []string {
	t.one.Lock()
	defer t.one.Unlock()
	machines := []string{}
	for _, each := range t.leases {
		machines = append(machines, each.vm.Value)
	}
	return machines
}

// copying hears of a copy before it is made.
func (t *transfers) copying(from, name string) {
	t.one.Lock()
	defer t.one.Unlock()
	t.origins[name] = from
}

func (t *transfers) imports(vm types.ManagedObjectReference) bool {
	t.one.Lock()
	defer t.one.Unlock()
	for _, each := range t.leases {
		if each.imports && each.vm == vm {
			return true
		}
	}
	return false
}

// contentOf tells where the bytes of a machine's disk are kept: a copy has those of what it was copied from.
func (t *transfers) contentOf(vm *simulator.VirtualMachine, name string) string {
	t.one.Lock()
	defer t.one.Unlock()
	key, of := vm.Self.Value, vm.Name
	for t.contents[path.Join(key, name)] == nil && t.origins[of] != "" {
		key = t.origins[of]
		source, ok := t.model.Map().Get(types.ManagedObjectReference{Type: "VirtualMachine", Value: key}).(*simulator.VirtualMachine)
		if !ok {
			break
		}
		of = source.Name
	}
	return path.Join(key, name)
}

// file of a lease: a disk of its machine.
type file struct {
	key      string
	capacity int64
	// content is where its bytes are kept.
	content string
	sha1    string
	size    int64
}

// lease is a HttpNfcLease in its session's registry.
type lease struct {
	mo.HttpNfcLease
	context *simulator.Context
	vm      types.ManagedObjectReference
	imports bool
	files   map[string]*file
	timer   *time.Timer
}

func (t *transfers) open(ctx *simulator.Context, imports bool) *lease {
	l := &lease{context: ctx.For(ctx.Map.Path), imports: imports, files: map[string]*file{}}
	l.Self = types.ManagedObjectReference{Type: "HttpNfcLease", Value: "session[" + ctx.Session.Key + "]" + uuid.NewString()}
	l.State = types.HttpNfcLeaseStateInitializing
	ctx.Session.Put(l)
	t.one.Lock()
	t.leases[l.Self.Value] = l
	t.one.Unlock()
	return l
}

// take ends a lease, once.
func (t *transfers) take(l *lease) bool {
	t.one.Lock()
	defer t.one.Unlock()
	if t.leases[l.Self.Value] != l {
		return false
	}
	delete(t.leases, l.Self.Value)
	if l.timer != nil {
		l.timer.Stop()
	}
	return true
}

func (l *lease) update(changes ...types.PropertyChange) {
	l.context.WithLock(l, func() { l.context.Update(l, changes) })
}

func (l *lease) fail(fault types.BaseMethodFault, words string) {
	if nfc.take(l) {
		l.undo()
		l.update(
			types.PropertyChange{Name: "state", Val: types.HttpNfcLeaseStateError},
			types.PropertyChange{Name: "error", Val: &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: words}},
		)
	}
}

// undo destroys the machine of an import that came to nothing.
func (l *lease) undo() {
	vm, ok := l.context.Map.Get(l.vm).(*simulator.VirtualMachine)
	if !l.imports || !ok {
		return
	}
	body := (&storageVM{vm}).destroy(l.context, &types.Destroy_Task{This: vm.Self})
	_, _ = waited(l.context, body.(*methods.Destroy_TaskBody).Res.Returnval)
}

func (l *lease) ready(vm *simulator.VirtualMachine, devices object.VirtualDeviceList) {
	urls := []types.HttpNfcLeaseDeviceUrl{}
	at := nfc.url
	if nfc.star.Load() {
		at = at[:strings.Index(at, "//")] + "//*"
	}
	var kilobytes int64
	for _, device := range devices.SelectByType((*types.VirtualDisk)(nil)) {
		disk := device.(*types.VirtualDisk)
		number := len(urls)
		name := fmt.Sprintf("disk-%d.vmdk", number)
		key := fmt.Sprintf("/%s/VirtualLsiLogicController0:%d", vm.Self.Value, number)
		content := path.Join(vm.Self.Value, name)
		if !l.imports {
			content = nfc.contentOf(vm, name)
		}
		l.files[name] = &file{key: key, capacity: disk.CapacityInKB * 1024, content: content}
		kilobytes += disk.CapacityInKB
		urls = append(urls, types.HttpNfcLeaseDeviceUrl{
			Key: key, ImportKey: fmt.Sprintf("/%s/VirtualLsiLogicController0:%d", vm.Name, number),
			Url: at + "/nfc/" + path.Join(l.Self.Value, name), Disk: types.NewBool(true), TargetId: name,
		})
	}
	seconds := nfc.seconds.Load()
	if seconds == 0 {
		seconds = leaseSeconds
	}
	nfc.one.Lock()
	l.vm = vm.Self
	if nfc.leases[l.Self.Value] != l {
		// It was given up before it was ready.
		nfc.one.Unlock()
		// Not here: this task has the lock that the other would wait for.
		go l.undo()
		return
	}
	l.timer = time.AfterFunc(time.Duration(seconds)*time.Second, func() { l.fail(new(types.Timedout), "The lease has timed out") })
	nfc.one.Unlock()
	l.update(
		types.PropertyChange{Name: "state", Val: types.HttpNfcLeaseStateReady},
		types.PropertyChange{Name: "info", Val: &types.HttpNfcLeaseInfo{
			Lease: l.Self, Entity: vm.Self, DeviceUrl: urls, TotalDiskCapacityInKB: kilobytes, LeaseTimeout: seconds,
		}},
	)
}

// refused is what a lease that is over or not yet ready answers.
func (l *lease) refused() *soap.Fault {
	nfc.one.Lock()
	defer nfc.one.Unlock()
	switch {
	case nfc.leases[l.Self.Value] != l && l.State == types.HttpNfcLeaseStateError:
		return simulator.Fault("the lease has timed out", new(types.Timedout))
	case nfc.leases[l.Self.Value] != l, l.State != types.HttpNfcLeaseStateReady:
		return simulator.Fault("the lease is not ready", new(types.InvalidState))
	}
	return nil
}

func (l *lease) HttpNfcLeaseProgress(_ *simulator.Context, req *types.HttpNfcLeaseProgress) soap.HasFault {
	if fault := l.refused(); fault != nil {
		return &methods.HttpNfcLeaseProgressBody{Fault_: fault}
	}
	if req.Percent < 0 || req.Percent > 100 {
		return &methods.HttpNfcLeaseProgressBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "percent"})}
	}
	l.TransferProgress = req.Percent
	l.timer.Reset(time.Duration(l.Info.LeaseTimeout) * time.Second)
	return &methods.HttpNfcLeaseProgressBody{Res: new(types.HttpNfcLeaseProgressResponse)}
}

func (l *lease) HttpNfcLeaseGetManifest(*simulator.Context, *types.HttpNfcLeaseGetManifest) soap.HasFault {
	if fault := l.refused(); fault != nil {
		return &methods.HttpNfcLeaseGetManifestBody{Fault_: fault}
	}
	entries := []types.HttpNfcLeaseManifestEntry{}
	nfc.one.Lock()
	defer nfc.one.Unlock()
	for _, each := range l.files {
		if each.sha1 != "" {
			entries = append(entries, types.HttpNfcLeaseManifestEntry{
				Key: each.key, Sha1: each.sha1, Size: each.size, Disk: true, Capacity: each.capacity,
			})
		}
	}
	return &methods.HttpNfcLeaseGetManifestBody{Res: &types.HttpNfcLeaseGetManifestResponse{Returnval: entries}}
}

func (l *lease) HttpNfcLeaseComplete(*simulator.Context, *types.HttpNfcLeaseComplete) soap.HasFault {
	if fault := l.refused(); fault != nil {
		return &methods.HttpNfcLeaseCompleteBody{Fault_: fault}
	}
	nfc.take(l)
	l.State = types.HttpNfcLeaseStateDone
	return &methods.HttpNfcLeaseCompleteBody{Res: new(types.HttpNfcLeaseCompleteResponse)}
}

func (l *lease) HttpNfcLeaseAbort(*simulator.Context, *types.HttpNfcLeaseAbort) soap.HasFault {
	if !nfc.take(l) {
		return &methods.HttpNfcLeaseAbortBody{Fault_: simulator.Fault("the lease is over", new(types.InvalidState))}
	}
	l.undo()
	l.State = types.HttpNfcLeaseStateError
	return &methods.HttpNfcLeaseAbortBody{Res: new(types.HttpNfcLeaseAbortResponse)}
}

// carrier answers the calls that begin a lease.
type carrier struct{ self types.ManagedObjectReference }

func (c *carrier) Reference() types.ManagedObjectReference { return c.self }
func (c *carrier) Lock()                                   {}
func (c *carrier) Unlock()                                 {}

// teachTransfers sends those calls there, and keeps machines that are being imported from being destroyed.
func teachTransfers(model *simulator.Model) manner {
	nfc.model = model
	own := &carrier{types.ManagedObjectReference{Type: "Manners", Value: "transfers"}}
	return func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		switch method.Name {
		case "ImportVApp", "ExportVm", "ExportSnapshot":
			if ctx.Session != nil && ctx.Map.Get(method.This) != nil {
				method.This = own.self
				return own, nil
			}
		case "Destroy_Task":
			if nfc.imports(method.This) {
				return nil, new(types.TaskInProgress)
			}
		}
		return nil, nil
	}
}

// ImportVApp makes the machine of an import specification, by the folder's own manners, wrapped or not.
func (c *carrier) ImportVApp(ctx *simulator.Context, req *types.ImportVApp) soap.HasFault {
	spec, ok := req.Spec.(*types.VirtualMachineImportSpec)
	if !ok || req.Folder == nil {
		return &methods.ImportVAppBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "spec"})}
	}
	folder, ok := ctx.Map.Get(*req.Folder).(*mannerly)
	if !ok {
		return &methods.ImportVAppBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "folder"})}
	}
	l := nfc.open(ctx, true)
	pool := ctx.Map.Get(req.This)
	task := simulator.CreateTask(pool, "importVAppLRO", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		create := &types.CreateVM_Task{This: folder.Self, Config: spec.ConfigSpec, Pool: req.This, Host: req.Host}
		made, fault := waited(ctx, folder.CreateVMTask(ctx, create).(*methods.CreateVM_TaskBody).Res.Returnval)
		if fault != nil {
			l.fail(fault, fmt.Sprintf("%T", fault))
			return nil, fault
		}
		vm := l.context.Map.Get(made.(types.ManagedObjectReference)).(*simulator.VirtualMachine)
		l.ready(vm, vm.Config.Hardware.Device)
		return nil, nil
	})
	task.Run(ctx)
	return &methods.ImportVAppBody{Res: &types.ImportVAppResponse{Returnval: l.Self}}
}

func (c *carrier) ExportVm(ctx *simulator.Context, req *types.ExportVm) soap.HasFault {
	vm, ok := ctx.Map.Get(req.This).(*simulator.VirtualMachine)
	if !ok {
		return &methods.ExportVmBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.This})}
	}
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		fault := &types.InvalidPowerState{ExistingState: vm.Runtime.PowerState, RequestedState: types.VirtualMachinePowerStatePoweredOff}
		return &methods.ExportVmBody{Fault_: simulator.Fault("", fault)}
	}
	l := nfc.open(ctx, false)
	l.ready(vm, vm.Config.Hardware.Device)
	return &methods.ExportVmBody{Res: &types.ExportVmResponse{Returnval: l.Self}}
}

// ExportSnapshot gives what the machine's disks hold, as of the last import: nothing writes to them here.
func (c *carrier) ExportSnapshot(ctx *simulator.Context, req *types.ExportSnapshot) soap.HasFault {
	snapshot, ok := ctx.Map.Get(req.This).(*simulator.VirtualMachineSnapshot)
	if !ok {
		return &methods.ExportSnapshotBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.This})}
	}
	l := nfc.open(ctx, false)
	l.ready(ctx.Map.Get(snapshot.Vm).(*simulator.VirtualMachine), snapshot.Config.Hardware.Device)
	return &methods.ExportSnapshotBody{Res: &types.ExportSnapshotResponse{Returnval: l.Self}}
}

// fileOf finds the lease and the file of a URL's path.
func (t *transfers) fileOf(r *http.Request) (*lease, *file) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/nfc/"), "/")
	t.one.Lock()
	defer t.one.Unlock()
	if len(parts) != 2 || t.leases[parts[0]] == nil {
		return nil, nil
	}
	return t.leases[parts[0]], t.leases[parts[0]].files[parts[1]]
}
