package ingest

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/filengine/fil"
)

// recordInput documents the parameters of a record's operations.
type recordInput struct {
	ID          string `path:"id" doc:"Identifiant, 128 octets au plus, sans espace ni « / » · Id, at most 128 bytes, without space or '/'"`
	Language    string `header:"Accept-Language" doc:"Messages en anglais si commence par en, en français sinon · Messages in English if it starts with en, in French otherwise"`
	IfMatch     string `header:"If-Match" doc:"N'écrire que si l'enregistrement est encore celui de cet ETag (412 sinon). Un communicant qui remplace ou retire ce qu'une autre clé a écrit doit le donner (428 sinon) ; « * » passe outre · Write only if the record is still that of this ETag (412 otherwise). A communicator who replaces or removes what another key wrote must give it (428 otherwise); '*' writes anyway"`
	IfNoneMatch string `header:"If-None-Match" doc:"« * » : n'écrire que s'il n'existe pas ; en lecture : 304 s'il n'a pas changé · '*': write only if there is none; on reading: 304 if unchanged"`
}

type recordOutput[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

func registerRecords[T any](api huma.API, d *Door, k kind[T]) {
	path := "/v1/" + k.plural + "/{id}"
	value := huma.SchemaFromType(api.OpenAPI().Components.Schemas, typeOf[T]())
	stored := &huma.Response{Description: "L'enregistrement tel qu'il est dans le journal · The record as it is in the log", Content: map[string]*huma.MediaType{"application/json": {Schema: value}}}

	register(api, operation(k, http.MethodPut, path, "put-"+k.plural, fil.Bilingual{FR: "Créer ou remplacer " + k.what.FR, EN: "Create or replace " + k.what.EN}, k.write),
		documented{body: map[string]*huma.Schema{"application/json": value}, answers: map[string]*huma.Response{"200": stored, "201": stored}},
		func(ctx huma.Context, in *recordInput) { putRecord(ctx, d, k, in) })
	huma.Register(api, operation(k, http.MethodGet, path, "get-"+k.plural, fil.Bilingual{FR: "Lire " + k.what.FR, EN: "Read " + k.what.EN}, k.read),
		func(ctx context.Context, in *recordInput) (*recordOutput[T], error) { return getRecord(ctx, d, k, in) })
	huma.Register(api, operation(k, http.MethodDelete, path, "delete-"+k.plural, fil.Bilingual{FR: "Retirer " + k.what.FR, EN: "Remove " + k.what.EN}, k.write),
		func(ctx context.Context, in *recordInput) (*struct{}, error) { return deleteRecord(ctx, d, k, in) })
	register(api, operation(k, http.MethodPost, "/v1/"+k.plural+":batch", "batch-"+k.plural,
		fil.Bilingual{FR: "Créer ou remplacer en nombre, une ligne JSON par enregistrement", EN: "Create or replace many, one JSON line a record"}, k.write),
		documented{body: map[string]*huma.Schema{ndjson: value}, answers: map[string]*huma.Response{"200": batchAnswer(api)}},
		func(ctx huma.Context, _ *languageInput) {
			batch(ctx, d, k, func(caller fil.Caller, line []byte) (entry[T], error) { return k.decode(caller, line, "") })
		})
}

func operation[T any](k kind[T], method, path, id string, summary fil.Bilingual, roles []fil.Role) huma.Operation {
	return describe(method, path, id, summary, k.plural, roles)
}

// describe makes an operation that the named roles may use.
func describe(method, path, id string, summary fil.Bilingual, tag string, roles []fil.Role) huma.Operation {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary.FR + " · " + summary.EN, Tags: []string{tag},
		Security: []map[string][]string{{"bearer": names}},
		Errors:   []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusPreconditionRequired, http.StatusServiceUnavailable},
	}
}

// documented is what the description of an operation says of a body that huma does not read.
type documented struct {
	body    map[string]*huma.Schema // by media type
	answers map[string]*huma.Response
}

// register adds an operation that reads its body and writes its answer itself. Its body is described after huma has
// registered it, since huma would read and judge any body that it knows of.
func register[I any](api huma.API, op huma.Operation, doc documented, handle func(huma.Context, *I)) {
	op.Responses = doc.answers
	huma.Register(api, op, func(_ context.Context, in *I) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(ctx huma.Context) { handle(ctx, in) }}, nil
	})
	item := api.OpenAPI().Paths[op.Path]
	registered := map[string]*huma.Operation{http.MethodPut: item.Put, http.MethodPost: item.Post}[op.Method]
	registered.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	for media, schema := range doc.body {
		registered.RequestBody.Content[media] = &huma.MediaType{Schema: schema}
	}
}

func putRecord[T any](ctx huma.Context, d *Door, k kind[T], in *recordInput) {
	release, err := d.hold(ctx, maxRecord)
	if err != nil {
		d.fail(ctx, err)
		return
	}
	defer release()
	raw, err := readBody(ctx, maxRecord)
	var e entry[T]
	if err == nil {
		e, err = k.decode(fil.CallerFrom(ctx.Context()), raw, in.ID)
	}
	if err != nil {
		d.metrics.count(k.topic, 0, 0, 1)
		d.fail(ctx, err)
		return
	}
	done, err := put(ctx.Context(), d, k, e, in.condition(), traceOf(ctx))
	if err != nil {
		d.fail(ctx, err)
		return
	}
	status := http.StatusOK
	switch {
	case !done.changed:
		d.metrics.count(k.topic, 0, 1, 0)
	case done.created:
		status = http.StatusCreated
		fallthrough
	default:
		d.metrics.count(k.topic, 1, 0, 0)
	}
	ctx.SetHeader("ETag", ETag(e.data))
	answer(ctx, status, "application/json", e.value)
}

func getRecord[T any](ctx context.Context, d *Door, k kind[T], in *recordInput) (*recordOutput[T], error) {
	value, ok := k.find(in.ID)
	if ok {
		value, ok = k.shown(fil.CallerFrom(ctx), value)
	}
	if !ok {
		return nil, d.problem(notFound(k.what, in.ID), in.Language)
	}
	data := encode(value)
	tag := ETag(data)
	if !(condition{noneMatch: in.IfNoneMatch}).holds(data, true) {
		return nil, huma.ErrorWithHeaders(huma.Status304NotModified(), http.Header{"ETag": {tag}})
	}
	return &recordOutput[T]{ETag: tag, Body: value}, nil
}

func deleteRecord[T any](ctx context.Context, d *Door, k kind[T], in *recordInput) (*struct{}, error) {
	err := k.removable(fil.CallerFrom(ctx), in.ID)
	if err == nil {
		var done write
		done, err = put(ctx, d, k, entry[T]{id: in.ID}, in.condition(), traceContext{})
		if err == nil && !done.changed {
			err = notFound(k.what, in.ID)
		}
	}
	if err != nil {
		return nil, d.problem(err, in.Language)
	}
	d.metrics.count(k.topic, 1, 0, 0)
	return nil, nil //nolint:nilnil // huma's way to answer 204
}

func notFound(what fil.Bilingual, id string) error {
	return refuse(http.StatusNotFound, "« "+clip(id)+" » n'est l'identifiant d'aucun"+strings.TrimPrefix(what.FR, "un")+".", "'"+clip(id)+"' is the id of no "+what.EN[strings.IndexByte(what.EN, ' ')+1:]+".")
}
