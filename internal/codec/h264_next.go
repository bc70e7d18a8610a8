package codec

import "fmt"

// sets are parameter sets that an access unit brought and that are not in force.
type sets struct{ sps, pps [][]byte }

// next makes the parameters that are in force from an access unit on that brought new sets.
//
// A unit with a new sequence parameter set starts a new coded video sequence: only the sequence parameter sets that it
// carries count (the first of them goes into the init), and what was in force before stays only as far as picture
// parameter sets refer to them. A unit with new picture parameter sets alone changes those, by their identifiers.
func (c *H264) next(data []byte, changed sets) (*H264, error) {
	sps := c.sps
	if len(changed.sps) > 0 {
		sps = carried(data)
	}
	// What stays keeps its place, so that going to other parameters and back gives the ones that were before.
	var pps [][]byte
	for _, p := range c.pps {
		id, refers, _ := ppsIDs(p)
		if n := lastPPS(changed.pps, id); n != nil {
			pps = append(pps, n)
		} else if hasSPS(sps, refers) {
			pps = append(pps, p)
		}
	}
	for _, p := range changed.pps {
		id, _, ok := ppsIDs(p)
		if !ok {
			return nil, fmt.Errorf("%w: a picture parameter set ends within its identifiers", ErrH264Config)
		}
		if lastPPS(pps, id) == nil {
			pps = append(pps, lastPPS(changed.pps, id))
		}
	}
	return H264FromParameterSets(sps, pps)
}

// carried are the distinct sequence parameter sets of an access unit, which Access has checked, in their order.
func carried(data []byte) (sps [][]byte) {
	for pos := 0; pos < len(data); {
		nal, end, err := nalAt(data, pos)
		if err != nil {
			break
		}
		if nalType(nal) == nalSPS && !contains(sps, nal) {
			sps = append(sps, nal)
		}
		pos = end
	}
	return sps
}

// lastPPS is the last picture parameter set with an identifier, nil if there is none.
func lastPPS(pps [][]byte, id uint32) []byte {
	for i := len(pps) - 1; i >= 0; i-- {
		if n, _, ok := ppsIDs(pps[i]); ok && n == id {
			return pps[i]
		}
	}
	return nil
}

// hasSPS says whether there is a sequence parameter set with an identifier.
func hasSPS(sps [][]byte, id uint32) bool {
	for _, s := range sps {
		if n, ok := spsID(s); ok && n == id {
			return true
		}
	}
	return false
}

// spsID is the identifier of a sequence parameter set (ITU-T H.264, section 7.3.2.1.1).
func spsID(sps []byte) (uint32, bool) {
	if len(sps) < 5 {
		return 0, false
	}
	// The three bytes of profile, constraints and level may be followed by an emulation prevention byte.
	r := rbsp{data: sps[1:]}
	for range 3 {
		if _, ok := r.next(); !ok {
			return 0, false
		}
	}
	return r.ue()
}

// ppsIDs are the identifiers of a picture parameter set and of the sequence parameter set that it refers to (ITU-T
// H.264, section 7.3.2.2).
func ppsIDs(pps []byte) (id, sps uint32, ok bool) {
	if len(pps) < 2 {
		return 0, 0, false
	}
	r := rbsp{data: pps[1:]}
	if id, ok = r.ue(); !ok {
		return 0, 0, false
	}
	sps, ok = r.ue()
	return id, sps, ok
}
