package roles

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/delivery"
	"github.com/filengine/fil/delivery/feedstore"
	"github.com/filengine/fil/delivery/syndication"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/hand"
	"github.com/filengine/fil/ranking/learning"
	"github.com/filengine/fil/ranking/profiles"
)

// feeds are what the worker, which ranks ahead, and delivery, which ranks on read, share: one ranker, one keeper.
type feeds struct {
	popularity *learning.Popularity
	ranker     *ranking.Ranker
	keeper     *delivery.Keeper
	store      *feedstore.Store
	hub        *delivery.Hub
}

// popularityEvery is how often a process looks for a change of popularity in Redis.
const popularityEvery = time.Second

// openFeeds makes the feeds of this process, once for all its roles.
func (h *house) openFeeds() (*feeds, error) {
	if h.feeds != nil {
		return h.feeds, nil
	}
	store, err := feedstore.New(h.redis, feedstore.Config{Window: h.cfg.Feeds.Window, Beside: profiles.Key, Keys: h.catalogue.Lengthen}, h.reg)
	if err != nil {
		return nil, err
	}
	partitions, err := h.events.Partitions(fil.TopicEngagements) // not the number configured: a topic keeps the one it was made with
	if err != nil {
		return nil, err
	}
	popularity := learning.NewPopularity(partitions, h.profiles.Popularities)
	var read atomic.Bool
	h.add("popularity", func(ctx context.Context) error {
		report := func(err error) {
			if !errors.Is(err, errRedisAway) { // which has been said
				h.logger.WarnContext(ctx, "popularity not read", "stage", "ranking", "error", err)
			}
		}
		if err := popularity.Refresh(ctx); err != nil {
			report(err)
		}
		read.Store(true)
		popularity.Run(ctx, popularityEvery, report)
		return ctx.Err()
	})
	h.wait(condition{name: "popularity", ready: read.Load})
	ranker := ranking.NewRanker(h.policy, h.catalogue, membership{h.index}, popularity.Trends)
	ranker.Follow(h.policies)
	keeper, err := delivery.NewKeeper(delivery.DefaultConfig(), delivery.Parts{
		Ranker:    ranker,
		Store:     h.tracing.Feeds(store),
		Directory: h.index,
		Log:       h.logger,
		Metrics:   h.reg,
		Now:       h.now,
		Order:     ranking.ChosenOrder,
		Saved:     ranking.Saved,
	})
	if err != nil {
		return nil, err
	}
	h.feeds = &feeds{popularity: popularity, ranker: ranker, keeper: keeper, store: store, hub: delivery.NewHub(keeper)}
	if !h.worksOnly() { // which has but the agents of its lanes
		h.rebuilders[rebuildFeeds] = h.rebuildFeeds(h.feeds, store)
	}
	return h.feeds, nil
}

// membership shows the audience index to ranking.
type membership struct{ index *audiences.Index }

func (m membership) Member(agentID string) (ranking.Member, bool) { return m.index.Member(agentID) }

// NameOf is what explanations call an audience.
func (m membership) NameOf(audience string) string {
	known, _ := m.index.Audience(audience)
	return known.Name
}

// buildDelivery serves feeds, their explanation and their stream.
func buildDelivery(_ context.Context, h *house) error {
	feeds, err := h.openFeeds()
	if err != nil {
		return err
	}
	streams, cut := context.WithCancel(context.Background())
	h.onStop = append(h.onStop, cut)
	h.changed, h.moved = append(h.changed, feeds.hub.NotifyAll), append(h.moved, feeds.hub.Notify)
	h.add("stream", func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, cut)
		defer stop()
		return feeds.hub.Run(streams)
	})
	h.register = append(h.register, func(api huma.API) { delivery.Register(api, feeds.keeper, feeds.hub) }, h.registerReplay)
	if err := h.giveHand(feeds); err != nil {
		return err
	}
	return h.syndicate(feeds)
}

// giveHand lets agents see and change what is known of them, where their feed is read.
func (h *house) giveHand(feeds *feeds) error {
	door, err := h.openDoor()
	if err != nil {
		return err
	}
	h.register = append(h.register, func(api huma.API) {
		hand.Register(api, hand.Parts{
			Ranker: feeds.ranker, Directory: membership{h.index}, Profile: h.profiles.Profile, Admit: door.Admit, Refused: refusedBy(door),
			Retention: h.cfg.Feeds.Profiles, Patience: ingest.DefaultConfig().ApplyTimeout, Log: h.logger, Now: h.now,
		})
	})
	return nil
}

// syndicate lets agents read their feed in other applications.
func (h *house) syndicate(feeds *feeds) error {
	door, err := h.openDoor()
	if err != nil {
		return err
	}
	book := syndication.NewBook()
	h.follow(projection{topic: fil.TopicSubscriptions, apply: book.Apply})
	settings := syndication.DefaultConfig()
	settings.Most = h.cfg.Feeds.Addresses
	desk, err := syndication.New(settings, syndication.Parts{
		Keeper: feeds.keeper, Book: book, Applied: h.tables[fil.TopicSubscriptions], Uses: feeds.store,
		Known: func(agent string) bool { _, known := h.index.Language(agent); return known },
		Write: door.Write, Refused: refusedBy(door), Log: h.logger, Metrics: h.reg, Now: h.now,
	})
	if err != nil {
		return err
	}
	h.register = append(h.register, desk.Register)
	h.public["GET "+syndication.Path+"{name}"] = desk.Handler()
	return nil
}

// refusedBy gives the answers to what a door refuses.
func refusedBy(door *ingest.Door) func(err error, language string) error {
	return func(err error, language string) error {
		status, detail, faults, retry := door.Verdict(err)
		details := make([]error, len(faults))
		for i, fault := range faults {
			details[i] = &huma.ErrorDetail{Location: fault.Field, Message: fault.Problem.In(language)}
		}
		answer := huma.NewError(status, detail.In(language), details...)
		if retry == 0 {
			return answer
		}
		return huma.ErrorWithHeaders(answer, http.Header{"Retry-After": {strconv.Itoa(retry)}})
	}
}
