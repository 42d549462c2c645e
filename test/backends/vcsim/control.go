package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// order is what a test asks of the simulator, by POST to /control.
type order struct {
	// Fault makes calls of a method fail: the name of an API fault; Times of them (0: all), after Skip others.
	Fault *struct {
		Method, Fault string
		Times, Skip   int
	}
	// Clear forgets all faults and delays.
	Clear bool
	// Delay and TaskDelay slow methods and tasks down, in milliseconds by name.
	Delay, TaskDelay map[string]int
	// EachTask slows every task down, in milliseconds.
	EachTask int
	// Managed says which extension manages a machine (by key); an empty name: none.
	Managed *struct{ Key, Extension, Type string }
	// Machine puts a machine (by key) into a condition that no API call leads to.
	Machine *struct {
		Key             string
		ConnectionState string
		PowerState      string
		Name            string
		Template        *bool
		Tools           string
	}
	// Fill makes so many small machines, or templates, with names that begin so; Drop destroys those with such names.
	// With Card each is started and has a card in the first port group; Disk gives each a disk, Volume attaches a first-class
	// disk to each.
	Fill *struct {
		Name               string
		Count              int
		Template           bool
		Card, Disk, Volume bool
	}
	// Fcds makes first-class disks with names that begin so; Drop takes them away.
	Fcds *struct {
		Name     string
		Count    int
		Metadata map[string]string
		Keep     *bool
	}
	Drop string
	// HotPlug says what a machine allows while it runs.
	HotPlug *hotPlug
	// Nfc says how transfers go wrong; Leases asks for the machines of leases that have not ended.
	Nfc    *nfcOrder
	Leases bool
	// MaxQueryMetrics is the most that one QueryPerf may ask for: entities times counters; 0: no limit.
	MaxQueryMetrics *int32
}

type control struct {
	model *simulator.Model
	one   sync.Mutex
}

func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.one.Lock()
	defer c.one.Unlock()
	var asked order
	err := json.NewDecoder(r.Body).Decode(&asked)
	var answer any = map[string]string{}
	if err == nil {
		answer, err = c.obey(&asked)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (c *control) obey(asked *order) (any, error) {
	if asked.Clear {
		c.model.Service.FaultInjector().ClearRules()
		c.model.DelayConfig.MethodDelay = nil
		simulator.TaskDelay.MethodDelay = map[string]int{"LockHandoff": 0}
		simulator.TaskDelay.Delay = 0
	}
	if asked.Clear || asked.Nfc != nil {
		nfc.obey(cmp.Or(asked.Nfc, new(nfcOrder)))
	}
	if asked.Leases {
		return map[string]any{"keys": nfc.underWay()}, nil
	}
	if asked.EachTask != 0 {
		simulator.TaskDelay.MethodDelay = map[string]int{"LockHandoff": 0}
		simulator.TaskDelay.Delay = asked.EachTask
	}
	if asked.Managed != nil {
		if err := c.manage(asked.Managed.Key, asked.Managed.Extension, asked.Managed.Type); err != nil {
			return nil, err
		}
	}
	if asked.Delay != nil {
		c.model.DelayConfig.MethodDelay = asked.Delay
	}
	if asked.TaskDelay != nil {
		asked.TaskDelay["LockHandoff"] = 0
		simulator.TaskDelay.MethodDelay = asked.TaskDelay
	}
	if asked.Fault != nil {
		if err := c.fail(asked.Fault.Method, asked.Fault.Fault, asked.Fault.Times, asked.Fault.Skip); err != nil {
			return nil, err
		}
	}
	if asked.Machine != nil {
		if err := c.change(asked); err != nil {
			return nil, err
		}
	}
	if asked.MaxQueryMetrics != nil {
		maxQueryMetrics.Store(*asked.MaxQueryMetrics)
		return map[string]string{}, nil
	}
	if asked.HotPlug != nil {
		return map[string]string{}, asked.HotPlug.obey(c.model)
	}
	// What is filled in and dropped is the test's own, and takes no time.
	each := simulator.TaskDelay.Delay
	simulator.TaskDelay.Delay = 0
	defer func() { simulator.TaskDelay.Delay = each }()
	if asked.Drop != "" {
		return c.drop(asked.Drop), nil
	}
	if asked.Fill != nil {
		keys, err := c.fill(asked)
		if err == nil && (asked.Fill.Disk || asked.Fill.Volume) {
			err = c.fillStorage(keys, asked)
		}
		return map[string]any{"keys": keys}, err
	}
	if asked.Fcds != nil {
		ids, err := fillFcds(c.model, asked.Fcds.Name, asked.Fcds.Count, asked.Fcds.Metadata, asked.Fcds.Keep)
		return map[string]any{"keys": ids}, err
	}
	return map[string]string{}, nil
}

func (c *control) fail(method, name string, times, skip int) error {
	found, ok := types.TypeFunc()(name)
	if !ok {
		return fmt.Errorf("the API has no fault %s", name)
	}
	fault, ok := reflect.New(found).Interface().(types.BaseMethodFault)
	if !ok {
		return fmt.Errorf("%s is no fault", name)
	}
	c.model.Service.AddFaultRule(&simulator.FaultInjectionRule{
		MethodName: method, ObjectType: "*", ObjectName: "*", Probability: 1, Enabled: true,
		FaultType: simulator.FaultTypeCustom, Fault: fault, Message: "told to fail with " + name,
		MaxCount: times, SkipCount: skip,
	})
	return nil
}

func (c *control) manage(key, extension, kind string) error {
	ctx := c.model.Service.Context
	vm, ok := ctx.Map.Get(types.ManagedObjectReference{Type: "VirtualMachine", Value: key}).(*simulator.VirtualMachine)
	if !ok {
		return fmt.Errorf("there is no machine %s", key)
	}
	var by *types.ManagedByInfo
	if extension != "" {
		by = &types.ManagedByInfo{ExtensionKey: extension, Type: kind}
	}
	ctx.Map.WithLock(ctx, vm, func() { vm.Config.ManagedBy = by })
	return nil
}

func (c *control) change(asked *order) error {
	ctx := c.model.Service.Context
	want := asked.Machine
	vm, ok := ctx.Map.Get(types.ManagedObjectReference{Type: "VirtualMachine", Value: want.Key}).(*simulator.VirtualMachine)
	if !ok {
		return fmt.Errorf("there is no machine %s", want.Key)
	}
	changes := []types.PropertyChange{}
	set := func(name string, value any) { changes = append(changes, types.PropertyChange{Name: name, Val: value}) }
	if want.ConnectionState != "" {
		set("runtime.connectionState", types.VirtualMachineConnectionState(want.ConnectionState))
	}
	if want.PowerState != "" {
		set("runtime.powerState", types.VirtualMachinePowerState(want.PowerState))
	}
	if want.Name != "" {
		set("name", want.Name)
		set("config.name", want.Name)
	}
	if want.Template != nil {
		set("config.template", *want.Template)
		set("summary.config.template", *want.Template)
	}
	if want.Tools != "" {
		set("guest.toolsRunningStatus", want.Tools)
	}
	ctx.Map.WithLock(ctx, vm, func() { ctx.Update(vm, changes) })
	return nil
}

// fill copies a machine of the model's, as SOAP would have it done; answers the keys.
func (c *control) fill(asked *order) ([]string, error) {
	want := asked.Fill
	ctx := c.model.Service.Context
	keys := []string{}
	folder, pool, err := c.home()
	if err != nil {
		return nil, err
	}
	for i := range want.Count {
		config := types.VirtualMachineConfigSpec{
			Name: fmt.Sprintf("%s-%d", want.Name, i), GuestId: "otherLinux64Guest", NumCPUs: 1, MemoryMB: 128,
			Files: &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
		}
		if want.Card {
			if err := c.withCard(&config); err != nil {
				return nil, err
			}
		}
		body := folder.CreateVMTask(ctx, &types.CreateVM_Task{This: folder.Self, Config: config, Pool: pool})
		task := ctx.Map.Get(body.(*methods.CreateVM_TaskBody).Res.Returnval).(*simulator.Task)
		task.Wait()
		if task.Info.Error != nil {
			return nil, fmt.Errorf("%s", task.Info.Error.LocalizedMessage)
		}
		ref := task.Info.Result.(types.ManagedObjectReference)
		keys = append(keys, ref.Value)
		if want.Card {
			ctx.Map.Get(ref).(*simulator.VirtualMachine).PowerOnVMTask(ctx, &types.PowerOnVM_Task{This: ref})
		}
		if want.Template {
			ctx.Map.Get(ref).(*simulator.VirtualMachine).MarkAsTemplate(&types.MarkAsTemplate{This: ref})
		}
	}
	return keys, nil
}

func (c *control) fillStorage(keys []string, asked *order) error {
	fcds := make([]string, len(keys))
	if asked.Fill.Volume {
		ids, err := fillFcds(c.model, asked.Fill.Name, len(keys), nil, types.NewBool(true))
		if err != nil {
			return err
		}
		copy(fcds, ids)
	}
	for i, key := range keys {
		if err := fillDisks(c.model, types.ManagedObjectReference{Type: "VirtualMachine", Value: key}, fcds[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *control) home() (*simulator.Folder, types.ManagedObjectReference, error) {
	var none types.ManagedObjectReference
	dc, ok := c.model.Map().Any("Datacenter").(*simulator.Datacenter)
	if !ok {
		return nil, none, fmt.Errorf("there is no datacenter")
	}
	folder, ok := c.model.Map().Get(dc.VmFolder).(*mannerly)
	if !ok {
		return nil, none, fmt.Errorf("there is no folder for machines")
	}
	for _, pool := range c.model.Map().All("ResourcePool") {
		return folder.Folder, pool.Reference(), nil
	}
	return nil, none, fmt.Errorf("there is no resource pool")
}

func (c *control) drop(prefix string) any {
	ctx := c.model.Service.Context
	dropped := 0
	for _, entity := range ctx.Map.All("VirtualMachine") {
		vm := entity.(*simulator.VirtualMachine)
		if len(vm.Name) < len(prefix) || vm.Name[:len(prefix)] != prefix {
			continue
		}
		vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOff
		body := (&storageVM{vm}).destroy(ctx, &types.Destroy_Task{This: vm.Self})
		ctx.Map.Get(body.(*methods.Destroy_TaskBody).Res.Returnval).(*simulator.Task).Wait()
		dropped++
	}
	dropFcds(c.model, prefix)
	return map[string]any{"dropped": dropped}
}
