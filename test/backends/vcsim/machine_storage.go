package main

import (
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// storageVM is a machine with those manners.
type storageVM struct {
	*simulator.VirtualMachine
}

func machine(ctx *simulator.Context, ref types.ManagedObjectReference) *storageVM {
	return &storageVM{ctx.Map.Get(ref).(*simulator.VirtualMachine)}
}

// attached finds the device that a first-class disk is, in the machine.
func attached(devices []types.BaseVirtualDevice, id types.ID) *types.VirtualDisk {
	for _, device := range devices {
		if disk, ok := device.(*types.VirtualDisk); ok && disk.VDiskId != nil && *disk.VDiskId == id {
			return disk
		}
	}
	return nil
}

func (vm *storageVM) reconfigured(ctx *simulator.Context, change *types.VirtualDeviceConfigSpec) types.BaseMethodFault {
	spec := types.VirtualMachineConfigSpec{DeviceChange: []types.BaseVirtualDeviceConfigSpec{change}}
	body := vm.VirtualMachine.ReconfigVMTask(ctx, &types.ReconfigVM_Task{This: vm.Self, Spec: spec})
	_, fault := waited(ctx, body.(*methods.ReconfigVM_TaskBody).Res.Returnval)
	return fault
}

func (*storage) AttachDiskTask(ctx *simulator.Context, req *types.AttachDisk_Task) soap.HasFault {
	vm := machine(ctx, req.This)
	task := simulator.CreateTask(vm, "attachDisk", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		return nil, vm.attach(ctx, req)
	})
	return &methods.AttachDisk_TaskBody{Res: &types.AttachDisk_TaskResponse{Returnval: task.Run(ctx)}}
}

func (vm *storageVM) attach(ctx *simulator.Context, req *types.AttachDisk_Task) (fault types.BaseMethodFault) {
	devices := object.VirtualDeviceList(vm.Config.Hardware.Device)
	controller, ok := devices.FindByKey(req.ControllerKey).(types.BaseVirtualController)
	if req.ControllerKey == 0 {
		if only, err := devices.FindSCSIController(""); err == nil {
			controller, ok = only, true
		}
	}
	if !ok {
		return new(types.MissingController)
	}
	key, unit := controller.GetVirtualController().Key, req.UnitNumber
	if unit == nil {
		unit = vm.freeUnit(key)
	}
	m := manager(ctx)
	ctx.WithLock(m.VcenterVStorageObjectManager, func() {
		disk := m.Catalog()[req.Datastore][req.DiskId]
		switch {
		case disk == nil:
			fault = new(types.NotFound)
			return
		case len(disk.Config.ConsumerId) > 0:
			fault = new(types.InvalidState)
			return
		}
		id := disk.Config.Id
		file := disk.Config.Backing.(*types.BaseConfigInfoDiskFileBackingInfo).FilePath
		fault = vm.reconfigured(ctx, &types.VirtualDeviceConfigSpec{
			Operation: types.VirtualDeviceConfigSpecOperationAdd,
			Device: &types.VirtualDisk{
				VirtualDevice: types.VirtualDevice{
					Key: -1, ControllerKey: key, UnitNumber: unit,
					Backing: &types.VirtualDiskFlatVer2BackingInfo{
						VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: file},
						DiskMode:                     string(types.VirtualDiskModePersistent),
					},
				},
				CapacityInKB: disk.Config.CapacityInMB * 1024, CapacityInBytes: disk.Config.CapacityInMB << 20, VDiskId: &id,
			},
		})
		if fault == nil {
			disk.Config.ConsumerId = []types.ID{{Id: vm.Config.InstanceUuid}}
		}
	})
	return fault
}

// freeUnit is the next one that no device has; 7 is the controller's own.
func (vm *storageVM) freeUnit(controller int32) *int32 {
	used := map[int32]bool{7: true}
	for _, device := range vm.Config.Hardware.Device {
		if base := device.GetVirtualDevice(); base.ControllerKey == controller && base.UnitNumber != nil {
			used[*base.UnitNumber] = true
		}
	}
	for unit := int32(0); ; unit++ {
		if !used[unit] {
			return &unit
		}
	}
}

func (*storage) DetachDiskTask(ctx *simulator.Context, req *types.DetachDisk_Task) soap.HasFault {
	vm := machine(ctx, req.This)
	task := simulator.CreateTask(vm, "detachDisk", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		return nil, vm.detach(ctx, req.DiskId)
	})
	return &methods.DetachDisk_TaskBody{Res: &types.DetachDisk_TaskResponse{Returnval: task.Run(ctx)}}
}

func (vm *storageVM) detach(ctx *simulator.Context, id types.ID) types.BaseMethodFault {
	device := attached(vm.Config.Hardware.Device, id)
	if device == nil {
		return new(types.NotFound)
	}
	if vm.inSnapshot(ctx, device.Key) {
		return new(types.InvalidState)
	}
	change := &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationRemove, Device: device}
	if fault := vm.reconfigured(ctx, change); fault != nil {
		return fault
	}
	ctx.WithLock(ctx.Map.VStorageObjectManager(), func() {
		if disk := anywhere(ctx, id); disk != nil {
			disk.Config.ConsumerId = nil
		}
	})
	return nil
}

// inSnapshot tells whether any of the machine's snapshots holds the disk of this key.
func (vm *storageVM) inSnapshot(ctx *simulator.Context, key int32) bool {
	if vm.Snapshot == nil {
		return false
	}
	return holds(ctx, vm.Snapshot.RootSnapshotList, key)
}

func holds(ctx *simulator.Context, tree []types.VirtualMachineSnapshotTree, key int32) bool {
	for _, node := range tree {
		snapshot, ok := ctx.Map.Get(node.Snapshot).(*simulator.VirtualMachineSnapshot)
		if ok && object.VirtualDeviceList(snapshot.Config.Hardware.Device).FindByKey(key) != nil || holds(ctx, node.ChildSnapshotList, key) {
			return true
		}
	}
	return false
}

func (*storage) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	vm := machine(ctx, req.This)
	for _, change := range req.Spec.DeviceChange {
		spec := change.GetVirtualDeviceConfigSpec()
		disk, ok := spec.Device.(*types.VirtualDisk)
		if !ok || spec.Operation == types.VirtualDeviceConfigSpecOperationAdd || !vm.inSnapshot(ctx, disk.Key) {
			continue
		}
		old, ok := object.VirtualDeviceList(vm.Config.Hardware.Device).FindByKey(disk.Key).(*types.VirtualDisk)
		if ok && (spec.Operation == types.VirtualDeviceConfigSpecOperationRemove || old.CapacityInBytes != disk.CapacityInBytes) {
			task := simulator.CreateTask(vm, "reconfigVm", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
				return nil, new(types.InvalidDeviceOperation)
			})
			return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: task.Run(ctx)}}
		}
	}
	return vm.VirtualMachine.ReconfigVMTask(ctx, req)
}

func (*storage) DestroyTask(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	return machine(ctx, req.This).destroy(ctx, req)
}

func (vm *storageVM) destroy(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOff {
		ctx.WithLock(vm.VirtualMachine, func() { vm.leave(ctx) })
	}
	return vm.VirtualMachine.DestroyTask(ctx, req)
}

// leave takes those first-class disks off that are to be kept, and forgets the others.
func (vm *storageVM) leave(ctx *simulator.Context) {
	for _, device := range append([]types.BaseVirtualDevice{}, vm.Config.Hardware.Device...) {
		disk, ok := device.(*types.VirtualDisk)
		if !ok || disk.VDiskId == nil {
			continue
		}
		keep := false
		ctx.WithLock(manager(ctx).VcenterVStorageObjectManager, func() {
			for _, objects := range manager(ctx).Catalog() {
				if found := objects[*disk.VDiskId]; found != nil {
					keep = found.Config.KeepAfterDeleteVm != nil && *found.Config.KeepAfterDeleteVm
					found.Config.ConsumerId = nil
					if !keep {
						delete(objects, *disk.VDiskId)
					}
				}
			}
		})
		if keep {
			_ = vm.reconfigured(ctx, &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationRemove, Device: disk})
		}
	}
}

// forgetFcds makes plain disks of what a copy is to have.
func forgetFcds(changes []types.BaseVirtualDeviceConfigSpec) {
	for _, change := range changes {
		if disk, ok := change.GetVirtualDeviceConfigSpec().Device.(*types.VirtualDisk); ok {
			disk.VDiskId = nil
		}
	}
}
