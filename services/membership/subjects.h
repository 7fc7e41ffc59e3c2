/* Membership's own subjects, as decisions see them (common/subject.h):
 *   alliance                effect found (kind found), resolve or resolve-... (kind general)
 *   partners/ZZ5            effect admit, exclude
 *   agreement/versions/2    effect adopt (kind vary-agreement) */
#ifndef ACCORD_SERVICES_MEMBERSHIP_SUBJECTS_H
#define ACCORD_SERVICES_MEMBERSHIP_SUBJECTS_H

#include "common/subject.h"

extern const struct subject_hooks MEMBERSHIP_SUBJECTS;

#endif
