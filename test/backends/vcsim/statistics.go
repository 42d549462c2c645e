package main

import (
	"sync/atomic"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// What vCenter does with queries for statistics and the simulator does not: it refuses those for what is not there, naming it,
// and those for more metrics than its administrator allows; a machine that does not run has no points.

// maxQueryMetrics is what a test set; 0: no limit.
var maxQueryMetrics atomic.Int32

func teachStatistics() manner {
	return func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		req, ok := method.Body.(*types.QueryPerf)
		if !ok {
			return nil, nil
		}
		var metrics int32
		running := req.QuerySpec[:0]
		for _, spec := range req.QuerySpec {
			metrics += int32(len(spec.MetricId))
			entity := ctx.Map.Get(spec.Entity)
			if entity == nil {
				return nil, &types.ManagedObjectNotFound{Obj: spec.Entity}
			}
			vm, isVM := entity.(*simulator.VirtualMachine)
			if !isVM || vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
				running = append(running, spec)
			}
		}
		if most := maxQueryMetrics.Load(); most > 0 && metrics > most {
			return nil, &types.RestrictedByAdministrator{Details: "vpxd.stats.maxQueryMetrics"}
		}
		req.QuerySpec = running
		return nil, nil
	}
}
