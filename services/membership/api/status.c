/* Is the house there, and which of its services are ready: for whoever watches from outside. */
#include "common/bus.h"
#include "common/json.h"
#include "common/service_context.h"
#include "services/membership/api/handlers.h"

enum { TELL_MS = 500 }; /* a service that takes longer is as good as none */

bool ping_answer(struct request *request, struct reply *reply, struct problem *err)
{
    (void)request, (void)err;
    json_t *pong = json_object();
    json_put_text(pong, "status", "pass");
    reply_ok(reply, pong, 0);
    return true;
}

static const char *state_of(bool is_ready)
{
    return is_ready ? "ready" : "not-ready";
}

static const char *state_ask(const struct request *request, const char *service)
{
    struct problem fault = {.code = PROBLEM_NONE};
    json_auto_t *arguments = json_object();
    json_auto_t *answer = NULL;
    const struct bus_ask ask = {.service = service,
                                .question = "readiness.tell",
                                .request_id = request->request_id,
                                .traceparent = request->traceparent,
                                .arguments = arguments,
                                .timeout_ms = TELL_MS};
    return bus_ask(request->context->bus, &ask, &answer, &fault)
               ? state_of(json_flag(answer, "ready"))
               : "silent";
}

static void state_add(json_t *services, const char *service, const char *state)
{
    json_t *one = json_object();
    json_put_text(one, "service", service);
    json_put_text(one, "state", state);
    json_push_new(services, one);
}

bool status_get(struct request *request, struct reply *reply, struct problem *err)
{
    struct problem why = {.code = PROBLEM_NONE};
    const struct service *own = request->context->service;
    json_t *services = json_array();
    json_t *status = json_object();
    (void)err;
    state_add(services, own->name, state_of(http_is_ready(request->context, &why)));
    for (const char *const *service = own->follows; *service != NULL; service++)
        state_add(services, *service, state_ask(request, *service));
    json_put_new(status, "services", services);
    reply_ok(reply, status, 0);
    return true;
}
