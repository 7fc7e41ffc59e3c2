/* What other services may ask of membership alone. */
#ifndef ACCORD_SERVICES_MEMBERSHIP_QUESTIONS_H
#define ACCORD_SERVICES_MEMBERSHIP_QUESTIONS_H

#include "common/bus.h"

/* decisions.opened {"decisions": [id ...]}: which of them have opened, ended since or not. */
extern const struct bus_answerer MEMBERSHIP_ANSWERERS[];
extern const size_t MEMBERSHIP_ANSWERER_COUNT;

#endif
