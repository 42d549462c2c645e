package main

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// fillFcds makes first-class disks of 64 MiB, as somebody else would; answers their ids.
func fillFcds(model *simulator.Model, name string, count int, metadata map[string]string, keep *bool) ([]string, error) {
	ctx := model.Service.Context
	manager := ctx.Map.VStorageObjectManager()
	pairs := []types.KeyValue{}
	for key, value := range metadata {
		pairs = append(pairs, types.KeyValue{Key: key, Value: value})
	}
	ids := []string{}
	for i := range count {
		spec := types.VslmCreateSpec{
			Name: fmt.Sprintf("%s-%d", name, i), CapacityInMB: 64, KeepAfterDeleteVm: keep, Metadata: pairs,
			BackingSpec: &types.VslmCreateSpecDiskFileBackingSpec{
				VslmCreateSpecBackingSpec: types.VslmCreateSpecBackingSpec{Datastore: ctx.Map.Any("Datastore").Reference()},
			},
		}
		var made types.AnyType
		var fault types.BaseMethodFault
		ctx.WithLock(manager, func() { made, fault = (&storageManager{manager}).make(ctx, spec) })
		if fault != nil {
			return nil, fmt.Errorf("%T", fault)
		}
		ids = append(ids, made.(*types.VStorageObject).Config.Id.Id)
	}
	return ids, nil
}

// dropFcds takes those away whose names begin so.
func dropFcds(model *simulator.Model, prefix string) {
	ctx := model.Service.Context
	manager := ctx.Map.VStorageObjectManager()
	ctx.WithLock(manager, func() {
		for _, objects := range manager.Catalog() {
			for id, disk := range objects {
				if strings.HasPrefix(disk.Config.Name, prefix) {
					delete(objects, id)
				}
			}
		}
	})
}

// fillDisks gives a machine a disk, and attaches a first-class disk where one is named.
func fillDisks(model *simulator.Model, ref types.ManagedObjectReference, fcd string) error {
	ctx := model.Service.Context
	vm := &storageVM{ctx.Map.Get(ref).(*simulator.VirtualMachine)}
	unit := int32(0)
	controller := &types.ParaVirtualSCSIController{VirtualSCSIController: types.VirtualSCSIController{
		SharedBus: types.VirtualSCSISharingNoSharing, VirtualController: types.VirtualController{VirtualDevice: types.VirtualDevice{Key: 1000}},
	}}
	var fault types.BaseMethodFault
	ctx.WithLock(vm.VirtualMachine, func() {
		add := types.VirtualDeviceConfigSpecOperationAdd
		if fault = vm.reconfigured(ctx, &types.VirtualDeviceConfigSpec{Operation: add, Device: controller}); fault != nil {
			return
		}
		if fcd != "" {
			id := types.ID{Id: fcd}
			backing := anywhere(ctx, id).Config.Backing.(*types.BaseConfigInfoDiskFileBackingInfo)
			fault = vm.attach(ctx, &types.AttachDisk_Task{DiskId: id, Datastore: backing.Datastore, ControllerKey: 1000, UnitNumber: &unit})
			return
		}
		fault = vm.reconfigured(ctx, &types.VirtualDeviceConfigSpec{
			Operation: add, FileOperation: types.VirtualDeviceConfigSpecFileOperationCreate,
			Device: &types.VirtualDisk{CapacityInKB: 64 * 1024, VirtualDevice: types.VirtualDevice{
				Key: -2, ControllerKey: 1000, UnitNumber: &unit, Backing: &types.VirtualDiskFlatVer2BackingInfo{},
			}},
		})
	})
	if fault != nil {
		return fmt.Errorf("%T", fault)
	}
	return nil
}
