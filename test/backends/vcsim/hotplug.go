package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// What vCenter refuses and the simulator does: other CPUs or memory for a machine that runs and does not allow just that, or
// that is suspended; another number of cores in a socket for either.

// hotPlug is what a test lets a machine (by key) allow while it runs; memory in MiB, 0: no limit and any step.
type hotPlug struct {
	Key                          string
	CPUAdd, CPURemove, MemoryAdd bool
	MemoryLimit, MemoryStep      int64
	CoresPerSocket               int32
}

func (h *hotPlug) obey(model *simulator.Model) error {
	ctx := model.Service.Context
	vm, ok := ctx.Map.Get(types.ManagedObjectReference{Type: "VirtualMachine", Value: h.Key}).(*simulator.VirtualMachine)
	if !ok {
		return fmt.Errorf("there is no machine %s", h.Key)
	}
	ctx.Map.WithLock(ctx, vm, func() {
		vm.Config.CpuHotAddEnabled, vm.Config.CpuHotRemoveEnabled = &h.CPUAdd, &h.CPURemove
		vm.Config.MemoryHotAddEnabled = &h.MemoryAdd
		vm.Config.HotPlugMemoryLimit, vm.Config.HotPlugMemoryIncrementSize = h.MemoryLimit, h.MemoryStep
		if h.CoresPerSocket > 0 {
			vm.Config.Hardware.NumCoresPerSocket = &h.CoresPerSocket
		}
	})
	return nil
}

type resize struct {
	This   string `xml:"_this"`
	CPUs   int32  `xml:"spec>numCPUs"`
	Cores  int32  `xml:"spec>numCoresPerSocket"`
	Memory int64  `xml:"spec>memoryMB"`
}

// refuseResize answers a ReconfigVM_Task that vCenter would let fail, with a task that fails; true where it has.
func (m *manners) refuseResize(w http.ResponseWriter, body []byte) bool {
	var asked struct {
		Resize *resize `xml:"Body>ReconfigVM_Task"`
	}
	if !bytes.Contains(body, []byte("<ReconfigVM_Task")) || xml.Unmarshal(body, &asked) != nil || asked.Resize == nil {
		return false
	}
	ctx := m.model.Service.Context
	ref := types.ManagedObjectReference{Type: "VirtualMachine", Value: asked.Resize.This}
	vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return false
	}
	var refused types.BaseMethodFault
	ctx.Map.WithLock(ctx, vm, func() { refused = asked.Resize.refused(vm) })
	if refused == nil {
		return false
	}
	task := simulator.CreateTask(vm, "reconfigVm", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return nil, refused })
	say(w, fmt.Sprintf(`<ReconfigVM_TaskResponse xmlns="urn:vim25"><returnval type="Task">%s</returnval></ReconfigVM_TaskResponse>`, task.Run(ctx).Value))
	return true
}

func (r *resize) refused(vm *simulator.VirtualMachine) types.BaseMethodFault {
	config, state := vm.Config, vm.Runtime.PowerState
	if state == types.VirtualMachinePowerStatePoweredOff {
		return nil
	}
	cpus, memory := config.Hardware.NumCPU, int64(config.Hardware.MemoryMB)
	moreCPUs, fewerCPUs := r.CPUs > cpus, r.CPUs != 0 && r.CPUs < cpus
	otherMemory := r.Memory != 0 && r.Memory != memory
	cores := config.Hardware.NumCoresPerSocket
	otherCores := r.Cores != 0 && (cores == nil || *cores != r.Cores)
	running := state == types.VirtualMachinePowerStatePoweredOn
	switch {
	case otherCores, !running && (moreCPUs || fewerCPUs || otherMemory):
		return &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: state}
	case moreCPUs && !is(config.CpuHotAddEnabled), fewerCPUs && !is(config.CpuHotRemoveEnabled):
		return new(types.CpuHotPlugNotSupported)
	case otherMemory && (r.Memory < memory || !is(config.MemoryHotAddEnabled) || !fits(config, r.Memory-memory, r.Memory)):
		return new(types.MemoryHotPlugNotSupported)
	}
	return nil
}

func fits(config *types.VirtualMachineConfigInfo, more, memory int64) bool {
	limit, step := config.HotPlugMemoryLimit, config.HotPlugMemoryIncrementSize
	return (limit == 0 || memory <= limit) && (step == 0 || more%step == 0)
}

func is(flag *bool) bool { return flag != nil && *flag }
