package ingest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/filengine/fil"
)

// A caller with a perimeter has the records that carry its perimeter, and no others: those of callers without one, and of
// other perimeters, are not written and, shared audiences aside, not shown. Whose a record is is judged by what this
// process shows of it, as If-Match is: two processes that create one id at the same moment both may.

// shown gives what a caller is shown of a record; false when it is not theirs to see.
func (k kind[T]) shown(caller fil.Caller, value T) (T, bool) {
	if caller.Perimeter == "" {
		return value, true
	}
	var nothing T
	if k.perimeter == nil {
		return nothing, false
	}
	switch of := *k.perimeter(&value); {
	case of == caller.Perimeter:
		return value, true
	case k.shared != nil && (of == "" || *k.id(&value) == caller.Perimeter):
		return k.shared(value), true
	}
	return nothing, false
}

// allShown gives those of many records that a caller is shown.
func (k kind[T]) allShown(caller fil.Caller, all []T) []T {
	if caller.Perimeter == "" {
		return all
	}
	var some []T
	for _, value := range all {
		if value, ok := k.shown(caller, value); ok {
			some = append(some, value)
		}
	}
	return some
}

// sharedAudience is what a perimeter is shown of an audience that is not its own: enough to aim at it. Those whom it names
// one by one may be agents of others.
func sharedAudience(a fil.Audience) fil.Audience {
	a.Members, a.Directory, a.Lifted = nil, nil, nil
	return a
}

// claim marks a record with its caller's perimeter, or refuses it. A caller without one may say any; where they say none,
// the record keeps the one it has, so that a client that knows of no perimeters lets nothing out of one.
func (k kind[T]) claim(caller fil.Caller, raw []byte, id string, value *T) error {
	if k.perimeter == nil {
		return k.writable(caller, id)
	}
	own := k.perimeter(value)
	if caller.Perimeter == "" {
		if before, ok := k.find(id); ok && *own == "" && !says(raw, "perimeter") {
			*own = *k.perimeter(&before)
		}
		return nil
	}
	if *own != "" && *own != caller.Perimeter {
		return fil.NewFault("perimeter", "doit être absent, ou celui de votre clé : "+caller.Perimeter, "must be absent, or that of your key: "+caller.Perimeter)
	}
	*own = caller.Perimeter
	return k.writable(caller, id)
}

// says tells whether a JSON object has a member.
func says(raw []byte, name string) bool {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(raw, &members) // it was decoded before
	_, ok := members[name]
	return ok
}

// writable refuses a caller's write, or removal, of a record that is not theirs.
func (k kind[T]) writable(caller fil.Caller, id string) error {
	if caller.Perimeter == "" {
		return nil
	}
	if k.perimeter == nil || k.topic == fil.TopicAudiences && id == caller.Perimeter {
		return refuse(http.StatusForbidden,
			"Votre clé est bornée au périmètre « "+caller.Perimeter+" » : elle ne peut pas le changer.",
			"Your key is bounded to the perimeter '"+caller.Perimeter+"': it cannot change it.")
	}
	if before, ok := k.find(id); ok && *k.perimeter(&before) != caller.Perimeter {
		return refuse(http.StatusForbidden,
			"« "+clip(id)+" » n'est pas de votre périmètre, « "+caller.Perimeter+" » : prenez un autre identifiant, ou une clé sans périmètre.",
			"'"+clip(id)+"' is not of your perimeter, '"+caller.Perimeter+"': take another id, or a key without perimeter.")
	}
	return nil
}

// checkPerimeters refuses an audience that is cut to itself by way of others, or too deep: nobody would be in it.
func checkPerimeters(a fil.Audience, find func(id string) (fil.Audience, bool)) error {
	path := []string{a.ID}
	for id := a.Perimeter; id != ""; {
		circle := slices.Contains(path, id)
		if path = append(path, id); circle || len(path) > fil.MaxPerimeters+1 {
			way := strings.Join(path, " → ")
			return fil.NewFault("perimeter", "fait un cercle, ou est trop profond : "+way, "makes a circle, or is too deep: "+way)
		}
		above, ok := find(id)
		if !ok {
			return nil
		}
		id = above.Perimeter
	}
	return nil
}
