package delivery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/filengine/fil"
)

// FeedPage is one page of a feed, as it is answered.
type FeedPage struct {
	Agent  string `json:"agent" doc:"Identifiant de l'agent"`
	Policy string `json:"policy" doc:"Version de la politique de classement appliquée"`
	// Degraded is as the header Fil-Degraded.
	Degraded string `json:"degraded,omitempty" enum:"chronological" doc:"Présent quand le fil est servi de mémoire, du plus récent au plus ancien : ce que l'agent a lu, écarté ou reconnu n'est pas connu pour l'instant"`
	// Explain is a URI template (RFC 6570).
	Explain string     `json:"explain" doc:"Où lire l'explication complète d'une communication, {content} étant son identifiant"`
	Items   []FeedItem `json:"items" nullable:"false"`
	Next    string     `json:"next,omitempty" doc:"Curseur de la page suivante ; absent à la fin"`
}

// FeedItem is one content with its place and why it has it.
type FeedItem struct {
	Content      FeedContent      `json:"content"`
	Score        float64          `json:"score" doc:"En unités log2 : un de plus double la qualité ; au 64e près, mais entier avec l'explication"`
	Reasons      []string         `json:"reasons" nullable:"false" doc:"Une à trois phrases pour l'agent : ce qu'une règle a fait, puis la plus lourde d'abord"`
	Acknowledged bool             `json:"acknowledged" doc:"L'agent a dit en avoir pris connaissance"`
	RemindedAt   time.Time        `json:"reminded_at,omitzero" doc:"Dernier rappel à ceux qui n'en ont pas pris connaissance, dont l'agent ; absent sans rappel, ou une fois que l'agent l'a fait"`
	Placed       string           `json:"placed,omitempty" doc:"Pendant une expérience qui entrelace deux listes : celle qui a posé la communication, à rendre tel quel dans les événements (data.placed)"`
	Explanation  *fil.Explanation `json:"explanation,omitempty" doc:"Avec explain=full : les quatre éléments de l'article R.311-3-1-2 du CRPA"`
}

// FeedContent is a content in the reader's language, ready to be shown.
type FeedContent struct {
	ID             string    `json:"id"`
	Kind           string    `json:"kind"`
	Title          string    `json:"title"`
	Summary        string    `json:"summary"`
	BodyHTML       string    `json:"body_html" doc:"HTML sûr : ni script, ni style, ni image"`
	Language       string    `json:"language" doc:"BCP 47"`
	Topics         []string  `json:"topics" nullable:"false"`
	Source         string    `json:"source"`
	Author         string    `json:"author"`
	Community      string    `json:"community,omitempty" doc:"Communauté dont est la communication ; absente si elle n'en a pas"`
	PublishedAt    time.Time `json:"published_at"`
	RevisedAt      time.Time `json:"revised_at,omitzero" doc:"Dernière modification de fond : qui l'avait lue avant l'a de nouveau comme non vue"`
	PinnedUntil    time.Time `json:"pinned_until,omitzero"`
	MandatoryUntil time.Time `json:"mandatory_until,omitzero"`
}

// ends are where a reader can go from a page.
type ends struct{ next, explain string }

// appendPage writes a FeedPage. Contents and reasons come ready from the cache, which is most of the bytes.
func (k *Keeper) appendPage(r reading, items []item, to ends, language string, now time.Time) ([]byte, error) {
	ready, size, err := k.ready(items, language, now)
	if err != nil {
		return nil, err
	}
	out := k.buffer(size + len(r.feed.Agent) + len(to.next) + len(to.explain) + 512)
	out = appendText(append(out, `{"agent":`...), r.feed.Agent)
	out = appendText(append(out, `,"policy":`...), r.feed.Policy)
	if r.degraded {
		out = appendText(append(out, `,"degraded":`...), r.how())
	}
	out = appendText(append(out, `,"explain":`...), to.explain)
	out = append(out, `,"items":[`...)
	for i := range items {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = items[i].append(out, ready[i]); err != nil {
			return nil, err
		}
	}
	out = append(out, ']')
	if to.next != "" {
		out = append(append(append(out, `,"next":"`...), to.next...), '"') // base64url needs no escape
	}
	return append(out, '}'), nil
}

// maxKept bounds the bytes of a page whose memory is used again.
const maxKept = 256 << 10

// buffer is empty, and has room.
func (k *Keeper) buffer(size int) []byte {
	if used, ok := k.buffers.Get().(*[]byte); ok && cap(*used) >= size {
		return (*used)[:0]
	}
	return make([]byte, 0, size+size/4)
}

// release gives the memory of a page to the next one.
func (k *Keeper) release(page []byte) {
	if cap(page) > 0 && cap(page) <= maxKept {
		k.buffers.Put(&page)
	}
}

// parts are what of an item is ready, as JSON.
type parts struct{ content, reasons []byte }

// itemBytes is about what an item takes beside its content and its reasons.
const itemBytes = 96

// ready takes what is in the cache, at once, then makes what is not.
func (k *Keeper) ready(items []item, language string, now time.Time) (ready []parts, size int, err error) {
	now = now.Truncate(time.Hour) // as briefs
	as := form{spoken: fil.Bilingual{FR: "fr", EN: "en"}.In(language), year: now.Year()}
	ready = make([]parts, len(items))
	k.cache.mu.RLock()
	number := uint32(0)
	for i := range items {
		if items[i].reasons != nil {
			continue
		}
		if tag := tagIn(items[i].Content, language); tag != as.language || number == 0 {
			as.language = tag
			number = k.cache.forms[as] // or 0, which nothing is in
		}
		ready[i] = k.cache.young[cacheKey{items[i].key, number, items[i].Note}].of(items[i].Content)
	}
	k.cache.mu.RUnlock()
	for i := range ready {
		if ready[i].content == nil {
			if ready[i], err = k.make(&items[i], language, as, now); err != nil {
				return nil, 0, err
			}
		}
		size += len(ready[i].content) + len(ready[i].reasons) + itemBytes
	}
	return ready, size, nil
}

// make makes what of an item is not ready, and keeps it.
func (k *Keeper) make(it *item, language string, as form, now time.Time) (made parts, err error) {
	if made.content, err = k.cache.content(it.key, it.Content, language); err != nil {
		return parts{}, err
	}
	if it.reasons != nil { // which were made for this page
		made.reasons = appendTexts(nil, it.reasons)
		return made, nil
	}
	made.reasons = appendTexts(nil, k.ranker.Sentences(it.Content, it.Note, as.spoken, now))
	as.language = tagIn(it.Content, language)
	k.cache.put(cacheKey{it.key, k.cache.number(as), it.Note}, cached{it.Content, made, len(made.reasons)})
	return made, nil
}

// append writes a FeedItem.
func (i *item) append(out []byte, ready parts) (_ []byte, err error) {
	out = append(append(out, `{"content":`...), ready.content...)
	out = append(out, `,"score":`...)
	if out, err = appendNumber(out, i.Score); err != nil {
		return nil, err
	}
	out = append(append(out, `,"reasons":`...), ready.reasons...)
	out = append(out, `,"acknowledged":`...)
	out = strconv.AppendBool(out, i.Acknowledged)
	if !i.Reminded.IsZero() {
		out = append(i.Reminded.UTC().AppendFormat(append(out, `,"reminded_at":"`...), time.RFC3339Nano), '"')
	}
	if i.Placed != "" {
		out = appendText(append(out, `,"placed":`...), i.Placed)
	}
	if i.explanation != nil {
		explanation, err := encode(wholeOf(*i.explanation))
		if err != nil {
			return nil, err
		}
		out = append(append(out, `,"explanation":`...), explanation...)
	}
	return append(out, '}'), nil
}

// appendNumber writes a number as encoding/json does; fast where it is a whole number of steps, as scores in brief are.
func appendNumber(out []byte, n float64) ([]byte, error) {
	steps := math.Abs(n) * ScoreSteps
	if steps >= 1<<50 || steps != math.Trunc(steps) || steps == 0 {
		slow, err := encode(n)
		return append(out, slow...), err
	}
	if n < 0 {
		out = append(out, '-')
	}
	out = strconv.AppendInt(out, int64(steps)/ScoreSteps, 10)
	if rest := int64(steps) % ScoreSteps; rest > 0 {
		const millionths = 1_000_000
		out = strconv.AppendInt(out, millionths+rest*millionths/ScoreSteps, 10) // the 1 before its six digits becomes the point
		out[len(out)-7] = '.'
		out = bytes.TrimRight(out, "0")
	}
	return out, nil
}

// appendTexts writes a list of texts.
func appendTexts(out []byte, texts []string) []byte {
	out = append(out, '[')
	for i, text := range texts {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(out, text)
	}
	return append(out, ']')
}

// appendText writes a text as encode does; fast where nothing in it needs an escape.
func appendText(out []byte, text string) []byte {
	for i := range len(text) {
		// The last two are ends of lines in JavaScript.
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c == 0xE2 && (strings.HasPrefix(text[i:], "\u2028") || strings.HasPrefix(text[i:], "\u2029")) {
			return appendEscaped(out, text)
		}
	}
	if !utf8.ValidString(text) {
		return appendEscaped(out, text)
	}
	return append(append(append(out, '"'), text...), '"')
}

func appendEscaped(out []byte, text string) []byte {
	slow, err := encode(text)
	if err != nil { // a text can always be written
		panic(err)
	}
	return append(out, slow...)
}

// wholeOf answers lists that are empty rather than null.
func wholeOf(e fil.Explanation) fil.Explanation {
	e.Data, e.Parameters, e.Operations = orEmpty(e.Data), orEmpty(e.Parameters), orEmpty(e.Operations)
	return e
}

func orEmpty[S ~[]E, E any](s S) S {
	if s == nil {
		return S{}
	}
	return s
}

// encode is json.Marshal that leaves the signs of HTML as they are: the answer is never part of a page.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
