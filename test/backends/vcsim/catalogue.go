package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vslm/methods"
	vslmsim "github.com/vmware/govmomi/vslm/simulator"
	vslm "github.com/vmware/govmomi/vslm/types"
)

// catalogue is the global catalogue at /vslm/sdk.
type catalogue struct {
	vslmsim.VStorageObjectManager
}

func init() {
	// The objects of a second registry of this path replace those of the first.
	simulator.RegisterEndpoint(func(s *simulator.Service, r *simulator.Registry) {
		registry := vslmsim.New()
		self := types.ManagedObjectReference{Type: "VslmVStorageObjectManager", Value: "VStorageObjectManager"}
		registry.Put(&catalogue{vslmsim.VStorageObjectManager{ManagedObjectReference: self}})
		s.RegisterSDK(registry)
	})
}

// full gives a result what the simulator leaves out.
func full(disk *simulator.VStorageObject) vslm.VslmVsoVStorageObjectResult {
	config := disk.Config
	return vslm.VslmVsoVStorageObjectResult{
		Id: config.Id, Name: config.Name, CapacityInMB: config.CapacityInMB, CreateTime: &config.CreateTime,
		DiskPath: config.Backing.(*types.BaseConfigInfoDiskFileBackingInfo).FilePath, Metadata: disk.Metadata,
	}
}

func (c *catalogue) VslmListVStorageObjectForSpec(ctx *simulator.Context, req *vslm.VslmListVStorageObjectForSpec) (body soap.HasFault) {
	vim := ctx.For(vim25.Path)
	vim.WithLock(vim.Map.VStorageObjectManager(), func() {
		body = c.VStorageObjectManager.VslmListVStorageObjectForSpec(ctx, req)
		if body.Fault() != nil {
			return
		}
		results := body.(*methods.VslmListVStorageObjectForSpecBody).Res.Returnval.QueryResults
		for i := range results {
			results[i] = full(anywhere(vim, results[i].Id))
		}
	})
	return body
}

func (c *catalogue) VslmRetrieveVStorageObject(ctx *simulator.Context, req *vslm.VslmRetrieveVStorageObject) (body soap.HasFault) {
	vim := ctx.For(vim25.Path)
	vim.WithLock(vim.Map.VStorageObjectManager(), func() { body = c.VStorageObjectManager.VslmRetrieveVStorageObject(ctx, req) })
	return body
}

func (c *catalogue) VslmRetrieveVStorageObjects(ctx *simulator.Context, req *vslm.VslmRetrieveVStorageObjects) soap.HasFault {
	vim := ctx.For(vim25.Path)
	res := new(vslm.VslmRetrieveVStorageObjectsResponse)
	vim.WithLock(vim.Map.VStorageObjectManager(), func() {
		for _, id := range req.Ids {
			if disk := anywhere(vim, id); disk != nil {
				res.Returnval = append(res.Returnval, full(disk))
				continue
			}
			missing := vslm.VslmVsoVStorageObjectResult{Id: id, CapacityInMB: -1, Error: &types.LocalizedMethodFault{Fault: new(types.NotFound)}}
			res.Returnval = append(res.Returnval, missing)
		}
	})
	return &methods.VslmRetrieveVStorageObjectsBody{Res: res}
}

func (c *catalogue) VslmRetrieveVStorageObjectAssociations(ctx *simulator.Context, req *vslm.VslmRetrieveVStorageObjectAssociations) soap.HasFault {
	vim := ctx.For(vim25.Path)
	res := new(vslm.VslmRetrieveVStorageObjectAssociationsResponse)
	vim.WithLock(vim.Map.VStorageObjectManager(), func() {
		for _, id := range req.Ids {
			of := vslm.VslmVsoVStorageObjectAssociations{Id: id}
			if disk := anywhere(vim, id); disk != nil {
				for _, consumer := range disk.Config.ConsumerId {
					of.VmDiskAssociation = append(of.VmDiskAssociation, vslm.VslmVsoVStorageObjectAssociationsVmDiskAssociation{VmId: consumer.Id})
				}
			}
			res.Returnval = append(res.Returnval, of)
		}
	})
	return &methods.VslmRetrieveVStorageObjectAssociationsBody{Res: res}
}
