package preview

import "slices"

// Partitioning shows what answers tell apart, over places numbered across segments.
type Partitioning struct{ p *partitioning }

func NewPartitioning(threshold int) *Partitioning {
	return &Partitioning{newPartitioning(threshold)}
}

func (p *Partitioning) Snap(live, set []int) (told []int, size int) {
	answer, size := p.p.snap(placesOf(live), placesOf(set))
	return answer.list(), size
}

func (p *Partitioning) Groups(live, set []int, count int, of map[int]int) []*int {
	return p.p.groups(placesOf(live), placesOf(set), len(set), count+1, func(segment int) []uint16 {
		groups := make([]uint16, segmentPlaces)
		for place, group := range of {
			if place>>16 == segment {
				groups[place&0xffff] = uint16(group)
			}
		}
		return groups
	}, nil)
}

// Classes gives the places of each class.
func (p *Partitioning) Classes(live []int) map[int][]int {
	classes := map[int][]int{}
	for _, place := range live {
		class := 0
		if labels := p.p.of[place>>16]; labels != nil {
			class = int(labels[place&0xffff])
		}
		classes[class] = append(classes[class], place)
	}
	return classes
}

func placesOf(list []int) places {
	var set places
	for _, place := range list {
		for len(set) <= place>>16 {
			set = append(set, nil)
		}
		if set[place>>16] == nil {
			set[place>>16] = new(block)
		}
		set[place>>16][place&0xffff>>6] |= 1 << (place & 63)
	}
	return set
}

func (s places) list() []int {
	var list []int
	for segment, members := range s {
		if members == nil {
			continue
		}
		for place := range 65536 {
			if members[place>>6]>>(place&63)&1 == 1 {
				list = append(list, segment<<16|place)
			}
		}
	}
	slices.Sort(list)
	return list
}
