package census_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/cmd/fil/census"
)

// Rules about behaviour find, of a year of a real platform's log, the very people that SQL over the file finds. DESKDROP
// names the file (users_interactions.csv.zip); without it, and beside it, the same is asked of a file that is made here,
// which has the same columns and some rows twice.
func TestDeskDrop(t *testing.T) {
	t.Parallel()
	t.Run("made", func(t *testing.T) {
		t.Parallel()
		compareBehaviour(t, madeInteractions())
	})
	path := os.Getenv("DESKDROP")
	if path == "" {
		return
	}
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		archive, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer archive.Close()
		file, err := archive.File[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		compareBehaviour(t, file)
	})
}

// The columns of the file.
const (
	atTime = iota
	atType
	atContent
	atPerson
	atSession
	atBrowser
	atRegion
	atCountry
)

var interactionKinds = map[string]fil.EngagementKind{"VIEW": fil.Read, "LIKE": fil.Reaction, "BOOKMARK": fil.Save, "COMMENT CREATED": fil.Comment, "FOLLOW": fil.Follow}

// even is the topic of contents whose id is an even number, since the file has none.
const even = "pair"

func isEven(content string) bool { return strings.IndexByte("02468", content[len(content)-1]) >= 0 }

// behaviourRules are five rules, each with the condition that SQL has on the rows of one person; {now} is the last moment
// of the file.
func behaviourRules() [][2]string {
	return [][2]string{
		{`did("read", n >= 50)`, "countIf(eventType = 'VIEW') >= 50"},
		{`did("reaction", "30 days") and not did("comment")`, "countIf(eventType = 'LIKE' AND timestamp > {now} - 30 * 86400) > 0 AND countIf(eventType = 'COMMENT CREATED') = 0"},
		{`last("read") < "90 days"`, "countIf(eventType = 'VIEW') > 0 AND countIf(eventType = 'VIEW' AND timestamp > {now} - 90 * 86400) = 0"},
		{`did(["save", "follow"], topic == "pair", n >= 2)`, "countIf(eventType IN ('BOOKMARK', 'FOLLOW') AND toUInt8(right(contentId, 1)) % 2 = 0) >= 2"},
		{`country == "BR" and not did("read", "60 days") and did("read", n >= 5, "240 days")`, "max(userCountry) = 'BR' AND countIf(eventType = 'VIEW' AND timestamp > {now} - 60 * 86400) = 0 AND countIf(eventType = 'VIEW' AND timestamp > {now} - 240 * 86400) >= 5"},
	}
}

func compareBehaviour(t *testing.T, file io.Reader) {
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[1:]
	now := int64(0)
	for _, row := range rows {
		at, err := strconv.ParseInt(row[atTime], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		now = max(now, at)
	}
	index := indexOf(t, rows, time.Unix(now, 0).UTC())
	db := clickHouse(t)
	insertRaw(t, db, rows)
	people := map[string]bool{}
	for _, row := range rows {
		people[row[atPerson]] = true
	}
	for i, rule := range behaviourRules() {
		id := fmt.Sprintf("rule-%d", i)
		if err := index.ApplyAudiences([]fil.Record{audience(id, rule[0])}); err != nil {
			t.Fatal(err)
		}
		var found []string
		for person := range people {
			if m, _ := index.Member(person); m.In(id) {
				found = append(found, person)
			}
		}
		slices.Sort(found)
		question := "SELECT groupArray(personId) FROM (SELECT personId FROM (SELECT DISTINCT * FROM raw) GROUP BY personId HAVING " + strings.ReplaceAll(rule[1], "{now}", strconv.FormatInt(now, 10)) + " ORDER BY personId)"
		var want []string
		if err := db.QueryRow(t.Context(), question).Scan(&want); err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("%s finds others than SQL (-SQL +rule):\n%s", rule[0], diff)
		}
		if n, err := index.Count(rule[0]); err != nil || n != len(want) {
			t.Errorf("%s counts %d where SQL finds %d: %v", rule[0], n, len(want), err)
		}
		if len(want) == 0 || len(want) == len(people) {
			t.Errorf("%s finds %d of %d people, which proves little", rule[0], len(want), len(people))
		}
		t.Logf("%5d of %d people: %s", len(want), len(people), rule[0])
	}
}

// indexOf loads the people, the contents and the acts of a file, as the importer would make them.
func indexOf(t *testing.T, rows [][]string, now time.Time) *audiences.Index {
	t.Helper()
	const whole = 400 * 24 * time.Hour
	index := audiences.NewIndex(fil.Schema{{Name: "country", Kind: fil.KindText}}, audiences.Config{Now: func() time.Time { return now }, Zone: time.UTC, Behaviour: whole})
	countries, contents, identity := map[string]string{}, map[string]bool{}, map[string]string{}
	var people, acts []fil.Record
	var texts []fil.Record
	var offset [partitions]int64
	for _, row := range rows {
		person := row[atPerson]
		countries[person] = max(countries[person], row[atCountry])
		if !contents[row[atContent]] {
			contents[row[atContent]] = true
			topics := []string{"impair"}
			if isEven(row[atContent]) {
				topics = []string{even}
			}
			texts = append(texts, encoded(t, fil.TypeContent, row[atContent], fil.Content{ID: row[atContent], Kind: "news", Topics: topics, PublishedAt: now}))
		}
		whole := strings.Join(row, "\x00")
		if identity[whole] == "" {
			identity[whole] = strconv.Itoa(len(identity) + 1)
		}
		at, _ := strconv.ParseInt(row[atTime], 10, 64)
		event, err := fil.Engagement{Kind: interactionKinds[row[atType]], Agent: person, Content: row[atContent], Time: time.Unix(at, 0)}.Event("deskdrop", identity[whole])
		if err != nil {
			t.Fatal(err)
		}
		p := partitionOf(person)
		acts = append(acts, fil.Record{Position: fil.Position{Topic: fil.TopicEngagements, Partition: p, Offset: offset[p]}, Key: person, Event: event})
		offset[p]++
	}
	for person, country := range countries {
		agent := fil.Agent{ID: person}
		if country != "" {
			agent.Attributes = map[string]any{"country": country}
		}
		rec := encoded(t, fil.TypeAgent, person, agent)
		rec.Partition = partitionOf(person)
		people = append(people, rec)
	}
	if err := index.ApplyAgents(people); err != nil {
		t.Fatal(err)
	}
	index.ApplyContents(texts)
	index.ApplyEngagements(acts)
	return index
}

func encoded(t testing.TB, kind, key string, data any) fil.Record {
	t.Helper()
	event, err := fil.NewEvent(kind, census.Source, key, time.Time{}, data)
	if err != nil {
		t.Fatal(err)
	}
	return fil.Record{Key: key, Event: event}
}

// insertRaw puts the file in a table, row by row as it is.
func insertRaw(t *testing.T, db driver.Conn, rows [][]string) {
	t.Helper()
	if err := db.Exec(t.Context(), "CREATE TABLE raw (timestamp Int64, eventType String, contentId String, personId String, sessionId String, userAgent String, userRegion String, userCountry String) ENGINE = MergeTree ORDER BY personId"); err != nil {
		t.Fatal(err)
	}
	batch, err := db.PrepareBatch(t.Context(), "INSERT INTO raw")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		at, _ := strconv.ParseInt(row[atTime], 10, 64)
		if err := batch.Append(at, row[atType], row[atContent], row[atPerson], row[atSession], row[atBrowser], row[atRegion], row[atCountry]); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

// madeInteractions is a file like DeskDrop's: a year of 300 people, a few of whom do most, with rows that come twice.
func madeInteractions() io.Reader {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"timestamp", "eventType", "contentId", "personId", "sessionId", "userAgent", "userRegion", "userCountry"})
	random := rand.New(rand.NewPCG(4, 2))
	skewed := func(n int) int { return int(random.Float64() * random.Float64() * random.Float64() * float64(n)) }
	const start, year = 1_457_963_676, 351 * 86400
	types := []string{"VIEW", "LIKE", "BOOKMARK", "FOLLOW", "COMMENT CREATED"}
	for i := range 12_000 {
		person := skewed(300)
		active := year - person*97%300*86400 // some have left
		row := []string{strconv.Itoa(start + random.IntN(max(active, 86400))), types[skewed(len(types))], strconv.Itoa(skewed(400) - 150), strconv.Itoa(person - 90), strconv.Itoa(i), "", "", []string{"", "BR", "US", "KR"}[(person+skewed(2))%4]}
		_ = w.Write(row)
		if i%400 == 0 {
			_ = w.Write(row)
		}
	}
	w.Flush()
	return &b
}
