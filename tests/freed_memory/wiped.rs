//! With the allocator of the real program.

use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

mod scan;

#[global_allocator]
static WIPES_WHAT_IS_FREED: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    scan::main(|found| found == 0)
}
