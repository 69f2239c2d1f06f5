#pragma once

/// Everything in one header.
#include "holdfast/client.hpp"
#include "holdfast/clock.hpp"
#include "holdfast/errc.hpp"
#include "holdfast/fencing_token.hpp"
#include "holdfast/held_lock.hpp"
#include "holdfast/inspection.hpp"
#include "holdfast/lease.hpp"
#include "holdfast/mutex.hpp"
#include "holdfast/observer.hpp"
#include "holdfast/options.hpp"
#include "holdfast/recursive_mutex.hpp"
#include "holdfast/status.hpp"
#include "holdfast/version.hpp"
