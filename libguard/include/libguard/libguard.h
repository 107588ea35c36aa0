#pragma once
// The whole public interface.

#include "libguard/cancel.h"
#include "libguard/clock.h"
#include "libguard/detector.h"
#include "libguard/error.h"
#include "libguard/guard.h"
#include "libguard/identity.h"
#include "libguard/outcome.h"
#include "libguard/policy.h"
#include "libguard/request.h"
#include "libguard/value.h"
