//! Parses, calls the library, returns the exit code.

use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static WIPES_WHAT_IS_FREED: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() {}
