/* Membership's own subjects, as decisions see them (common/subject.h):
 *   alliance                          found (kind found), close and dissolve (vary-agreement),
 *                                     resolve or resolve-... (general)
 *   partners/ZZ5                      admit, reinstate (kind admit), exclude, suspend (exclude)
 *   agreement/versions/2              adopt (vary-agreement)
 *   hosts/activity-coding/versions/2  appoint (change-host) */
#ifndef ACCORD_SERVICES_MEMBERSHIP_SUBJECTS_H
#define ACCORD_SERVICES_MEMBERSHIP_SUBJECTS_H

#include "common/subject.h"

extern const struct subject_hooks MEMBERSHIP_SUBJECTS;

#endif
