//! The constants of the controller. They were searched for together, with `tests/bench/pace.rs` as the judge: a change of one is a
//! change of all, and the table says what came of it.

use std::time::Duration;

/// Where an unknown quota is approached from: the documented quota of AdminSetUserPassword, in requests a second.
pub(super) const DOCUMENTED_QUOTA: f64 = 30.0;
/// The highest rate that a cap can have, in requests a second. A run without a cap that was throttled climbs up to it.
pub(super) const HIGHEST: f64 = 10_000.0;
/// The slowest rate, in requests a second.
pub(super) const FLOOR: f64 = 0.5;

/// The growth of the first climb in a second, as an exponent for each square root of the cap: 5,000 is reached in a second, and 200 so
/// slowly that a quota of 30 with a burst of 30 costs about eight throttled answers.
pub(super) const FIRST_GROWTH: f64 = 0.08458;
/// The largest factor of a step in the first climb, for round trips so long that the growth of a second would jump to the cap.
pub(super) const LARGEST_STEP: f64 = 1.6;
/// The shortest time between two steps: with round trips of 20 ms, a climb would outrun a saved-up burst.
pub(super) const STEP: Duration = Duration::from_millis(60);
/// How many times a rate must be let through to show that the quota is higher, and not a burst used up: of the rate where the first climb
/// began by the answers at its summit, of the one before a growth by those after it. The former are about ten where what is throttled is
/// answered as late as the rest, and two or three of them are let through even where a burst of 30 is used up.
pub(super) const CONVINCING: f64 = 1.5;

/// The least share of a rate that must be used, lest it be raised though nothing is learned about it: where latency is the limit, or the
/// input.
pub(super) const LEAST_USED: f64 = 0.5;
/// The factor by which the rate grows in a step while it is below the sustained one: back from a time in which nothing was let through.
pub(super) const RECOVERY: f64 = 2.0;
/// The factor by which the excess over the sustained rate grows in a step, and from `FAR` on the rate itself.
pub(super) const GROWTH: f64 = 1.145;
/// The same while the excess is below `NEAR`: a sustained rate that is a little too low is put right in small steps.
pub(super) const NEAR_GROWTH: f64 = 1.058;
/// Up to this excess, as a share of the sustained rate, throttling is put down to the sustained rate itself.
pub(super) const NEAR: f64 = 0.04874;
/// From this multiple of the sustained rate on, the quota is thought to have grown: what is saved up in a rest does not last that far,
/// unless it was come to in long steps.
pub(super) const FAR: f64 = 3.051;
/// Below this rate an excess below `NEAR` grows faster, in requests a second: few requests leave in a step, so that a step too far costs
/// little.
pub(super) const SLOW: f64 = 72.2;
/// How much faster at most.
pub(super) const FASTEST: f64 = 5.46;
/// Below this rate, in requests a second, a probe takes long steps unless the service saves requests up: one request is in flight where
/// round trips take 60 ms, so that a step too far costs one throttled answer, however long it is. A quota that shrank to less costs
/// several, for which the next probe need not wait.
pub(super) const FEW_IN_FLIGHT: f64 = 16.0;
/// The first excess of a probe there, as a share of the sustained rate.
pub(super) const FEW_EXCESS: f64 = 0.02;
/// The factor by which the excess grows in a step there.
pub(super) const FEW_GROWTH: f64 = 2.0;
/// The first excess of a probe where the sustained rate has proved right, as a share of it: a quota that is hardly higher is met in
/// steps that it can be told from.
pub(super) const FINE_EXCESS: f64 = 0.001727;
/// The same where the sustained rate is a rough guess.
pub(super) const ROUGH_EXCESS: f64 = 0.006445;
/// The same where the first climb begins again: with more, aligned windows are overrun by a dozen calls once more.
pub(super) const CLIMB_EXCESS: f64 = 0.03576;

/// How much of the way to the ceiling a step takes.
pub(super) const APPROACH: f64 = 0.3957;
/// How far below the ceiling the way ends, as a share of it: so near to a quota without a burst, late arrivals alone are throttled.
pub(super) const HEADROOM: f64 = 0.01707;
/// How many admitted requests pay for a throttled one before the ceiling is approached.
pub(super) const APPROACH_PRICE: u32 = 47;

/// What a cut takes of a rate above the sustained one that was throttled near it, of one before it that was not, or of the one where the
/// first climb began, as a share: more wastes a quota without a burst, less is throttled again sooner.
pub(super) const CUT: f64 = 0.012;
/// The same of the sustained rate itself: a quota with a small burst that is exceeded by a percent throttles every other second, and
/// loses nothing, so that a cut that is too small leads nowhere (3.0 instead of 2.0 % throttled at 12 a second, 5 at once).
pub(super) const REST_CUT: f64 = 0.02;
/// The least of its rate that a cut leaves.
pub(super) const LEAST_LEFT: f64 = 0.4504;
/// How long answers are counted after a cut before they are believed: at least so long, and so many round trips, of which what left
/// before the cut takes one.
pub(super) const MEASURE: Duration = Duration::from_millis(130);
pub(super) const MEASURED_ROUND_TRIPS: f64 = 1.7;
/// Throttling so soon after a cut means that it goes on: so soon, or within three round trips.
pub(super) const GOES_ON: Duration = Duration::from_millis(1_132);

/// What a growth must have left, as a share of the rate before it, to be taken for an illusion when throttling goes on: after less, one
/// call that was held up would have saved-up requests seen in a service that has none, and its rests become long.
pub(super) const SURELY_GROWN: f64 = 0.035;

/// The share of throttled answers that is put down to chance while the rate is not above the sustained one, unless no more can be owed.
/// Where the burst is one request, a call that is held up for a millisecond has the next one throttled: on two shared processors, three
/// in a thousand were.
pub(super) const NOISE: f64 = 0.02163;
/// So many throttled answers beyond that share speak against the sustained rate.
pub(super) const ALARM: f64 = 1.963;
/// From this rate on, in requests a second: below, requests are so far apart that a millisecond is nothing to them.
pub(super) const NOISY: f64 = 27.9;

/// The share of the answers that may be throttled before rests become long: well below the target of 1 %, because a quota that
/// changes costs more, and because no rest is endless.
pub(super) const BUDGET: f64 = 0.005935;
/// The most throttled answers that are saved up or owed, so that neither a quiet night nor a storm counts for longer than minutes.
pub(super) const MOST_OWED: f64 = 9.777;
/// How long the rate rests for each throttled answer of the last episode while the budget is overdrawn, in seconds at the documented
/// quota, with the square root of the rate elsewhere; and the longest rest: a quota that has grown is found by then.
pub(super) const REST: (f64, f64) = (6.717, 12.0);
/// How many times longer the rests are where the service saves requests up: what is not used in one is used after it.
pub(super) const REST_WHILE_SAVING: f64 = 1.642;
