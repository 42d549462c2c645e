package main

import (
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// What vCenter does with first-class disks and the simulator does not, as the API's documentation has it: their creation
// keeps the metadata it is given; they can be cloned (the source's metadata, updated by the given) and renamed; keys of
// metadata that are there are changed; they never shrink; what the catalogue lists has its metadata and its path; it reads
// many by their ids, and tells which are attached. Attaching adds a device to the machine, detaching takes it away; what is
// attached is refused to others. A machine that is destroyed takes those disks with it that are not to be kept, and leaves the
// others; the copy of a machine has plain copies of them. A disk that is part of a snapshot neither grows nor goes.
//
// Locks are taken in the order machine, manager: a manager's method never touches a machine.

// storage answers the calls that it has methods for, of whatever object: the simulator's own types stay what they are.
type storage struct{ self types.ManagedObjectReference }

func (s *storage) Reference() types.ManagedObjectReference { return s.self }

// Lock does nothing: tasks lock the objects that they change.
func (s *storage) Lock()   {}
func (s *storage) Unlock() {}

// storageManager is VcenterVStorageObjectManager with those manners.
type storageManager struct {
	*simulator.VcenterVStorageObjectManager
}

// teachStorage has calls about storage sent to the type above.
func teachStorage(model *simulator.Model) manner {
	model.Service.RegisterEndpoints = true
	own := &storage{types.ManagedObjectReference{Type: "Manners", Value: "storage"}}
	return func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		switch ctx.Map.Get(method.This).(type) {
		case *simulator.VcenterVStorageObjectManager, *simulator.VirtualMachine:
			name := strings.TrimSuffix(method.Name, "_Task")
			if method.Name != name {
				name += "Task"
			}
			if reflect.ValueOf(own).MethodByName(name).IsValid() {
				// Of a name that is in no registry: a session would look there for another one.
				method.This = own.self
				return own, nil
			}
		}
		return nil, nil
	}
}

func manager(ctx *simulator.Context) *storageManager {
	return &storageManager{ctx.Map.VStorageObjectManager()}
}

func waited(ctx *simulator.Context, ref types.ManagedObjectReference) (types.AnyType, types.BaseMethodFault) {
	task := ctx.Map.Get(ref).(*simulator.Task)
	task.Wait()
	if task.Info.Error != nil {
		return nil, task.Info.Error.Fault
	}
	return task.Info.Result, nil
}

func (m *storageManager) find(ds types.ManagedObjectReference, id types.ID) *simulator.VStorageObject {
	return m.Catalog()[ds][id]
}

// anywhere finds a disk in whatever datastore it is.
func anywhere(ctx *simulator.Context, id types.ID) *simulator.VStorageObject {
	for _, objects := range ctx.Map.VStorageObjectManager().Catalog() {
		if found := objects[id]; found != nil {
			return found
		}
	}
	return nil
}

func (m *storageManager) make(ctx *simulator.Context, spec types.VslmCreateSpec) (types.AnyType, types.BaseMethodFault) {
	body := m.VcenterVStorageObjectManager.CreateDiskTask(ctx, &types.CreateDisk_Task{This: m.Self, Spec: spec})
	made, fault := waited(ctx, body.(*methods.CreateDisk_TaskBody).Res.Returnval)
	if fault != nil {
		return nil, fault
	}
	disk := made.(*types.VStorageObject)
	anywhere(ctx, disk.Config.Id).Metadata = spec.Metadata
	return disk, nil
}

func (*storage) CreateDiskTask(ctx *simulator.Context, req *types.CreateDisk_Task) soap.HasFault {
	m := manager(ctx)
	task := simulator.CreateTask(m, "createDisk", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		if req.Spec.CapacityInMB < 1 {
			return nil, &types.InvalidArgument{InvalidProperty: "spec.capacityInMB"}
		}
		return m.make(ctx, req.Spec)
	})
	return &methods.CreateDisk_TaskBody{Res: &types.CreateDisk_TaskResponse{Returnval: task.Run(ctx)}}
}

func (*storage) CloneVStorageObjectTask(ctx *simulator.Context, req *types.CloneVStorageObject_Task) soap.HasFault {
	m := manager(ctx)
	task := simulator.CreateTask(m, "cloneVStorageObject", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		source := m.find(req.Datastore, req.Id)
		if source == nil {
			return nil, new(types.NotFound)
		}
		return m.make(ctx, types.VslmCreateSpec{
			Name: req.Spec.Name, KeepAfterDeleteVm: req.Spec.KeepAfterDeleteVm, BackingSpec: req.Spec.BackingSpec,
			CapacityInMB: source.Config.CapacityInMB, Metadata: updated(source.Metadata, req.Spec.Metadata, nil),
		})
	})
	return &methods.CloneVStorageObject_TaskBody{Res: &types.CloneVStorageObject_TaskResponse{Returnval: task.Run(ctx)}}
}

func updated(old, changes []types.KeyValue, gone []string) []types.KeyValue {
	after := []types.KeyValue{}
	change := map[string]bool{}
	for _, key := range gone {
		change[key] = true
	}
	for _, pair := range changes {
		change[pair.Key] = true
	}
	for _, pair := range old {
		if !change[pair.Key] {
			after = append(after, pair)
		}
	}
	return append(after, changes...)
}

func (*storage) VCenterUpdateVStorageObjectMetadataExTask(ctx *simulator.Context, req *types.VCenterUpdateVStorageObjectMetadataEx_Task) soap.HasFault {
	m := manager(ctx)
	task := simulator.CreateTask(m, "updateVStorageObjectMetadataEx", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		disk := m.find(req.Datastore, req.Id)
		if disk == nil {
			return nil, new(types.NotFound)
		}
		disk.Metadata = updated(disk.Metadata, req.Metadata, req.DeleteKeys)
		return nil, nil
	})
	return &methods.VCenterUpdateVStorageObjectMetadataEx_TaskBody{
		Res: &types.VCenterUpdateVStorageObjectMetadataEx_TaskResponse{Returnval: task.Run(ctx)},
	}
}

func (*storage) RenameVStorageObject(ctx *simulator.Context, req *types.RenameVStorageObject) soap.HasFault {
	m := manager(ctx)
	body := &methods.RenameVStorageObjectBody{Fault_: simulator.Fault("", new(types.NotFound))}
	ctx.WithLock(m.VcenterVStorageObjectManager, func() {
		if disk := m.find(req.Datastore, req.Id); disk != nil {
			disk.Config.Name = req.Name
			body = &methods.RenameVStorageObjectBody{Res: new(types.RenameVStorageObjectResponse)}
		}
	})
	return body
}

func (*storage) ExtendDiskTask(ctx *simulator.Context, req *types.ExtendDisk_Task) soap.HasFault {
	m := manager(ctx)
	task := simulator.CreateTask(m, "extendDisk", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		disk := m.find(req.Datastore, req.Id)
		switch {
		case disk == nil:
			return nil, new(types.NotFound)
		case req.NewCapacityInMB <= disk.Config.CapacityInMB:
			return nil, &types.InvalidArgument{InvalidProperty: "newCapacityInMB"}
		}
		disk.Config.CapacityInMB = req.NewCapacityInMB
		return nil, nil
	})
	return &methods.ExtendDisk_TaskBody{Res: &types.ExtendDisk_TaskResponse{Returnval: task.Run(ctx)}}
}
