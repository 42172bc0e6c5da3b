//! Which CPUs these are.

use crate::system::System;

/// CPUs this process may run on.
pub(super) fn allowed() -> Option<u32> {
    match rustix::thread::sched_getaffinity(None) {
        Ok(set) => Some(set.count()),
        // More CPUs than the fixed set holds.
        Err(_) => std::thread::available_parallelism().ok().map(|n| n.get() as u32),
    }
}

/// Whether the CPU shows this flag.
pub(super) fn has_flag(system: &System, flag: &str) -> bool {
    let Some(text) = system.read("/proc/cpuinfo") else {
        return false;
    };
    field(&text, "flags").is_some_and(|flags| flags.split(' ').any(|word| word == flag))
}

/// The model's name. ARM kernels print numbers instead; the common server cores are named from them, the board by
/// the device tree.
pub(super) fn model(system: &System) -> Option<String> {
    let text = system.read("/proc/cpuinfo").unwrap_or_default();
    let named = ["model name", "cpu model", "uarch", "cpu"]
        .iter()
        .find_map(|key| field(&text, key))
        .map(str::to_owned);
    let core = named.or_else(|| arm_core(&text));
    let board = system
        .read("/proc/device-tree/model")
        .or_else(|| field(&text, "Hardware").map(str::to_owned));
    match (core, board) {
        (Some(core), Some(board)) => Some(format!("{core} ({board})")),
        (core, board) => core.or(board),
    }
}

fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim())
        .filter(|value| !value.is_empty())
}

/// Implementer and part numbers as in the kernel's arch/arm64/include/asm/cputype.h.
fn arm_core(text: &str) -> Option<String> {
    let implementer = field(text, "CPU implementer")?;
    let part = field(text, "CPU part")?;
    let name = match (implementer, part) {
        ("0x41", "0xd03") => "ARM Cortex-A53",
        ("0x41", "0xd08") => "ARM Cortex-A72",
        ("0x41", "0xd0b") => "ARM Cortex-A76",
        ("0x41", "0xd0c") => "ARM Neoverse-N1",
        ("0x41", "0xd40") => "ARM Neoverse-V1",
        ("0x41", "0xd49") => "ARM Neoverse-N2",
        ("0x41", "0xd4f") => "ARM Neoverse-V2",
        ("0xc0", "0xac3") => "Ampere-1",
        _ => return Some(format!("ARM implementer {implementer} part {part}")),
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::imitate;
    use super::*;

    fn model_of(cpuinfo: &str) -> Option<String> {
        model(&imitate(&[("/proc/cpuinfo", cpuinfo)]).1)
    }

    #[test]
    fn models() {
        assert_eq!(
            model_of("processor\t: 0\nmodel name\t: AMD EPYC\n").as_deref(),
            Some("AMD EPYC")
        );
        let arm = |part| format!("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: {part}\n");
        assert_eq!(model_of(&arm("0xd0c")).as_deref(), Some("ARM Neoverse-N1"));
        assert_eq!(model_of(&arm("0x123")).as_deref(), Some("ARM implementer 0x41 part 0x123"));
        assert_eq!(model_of("processor : 0\n"), None);
    }

    #[test]
    fn a_board_adds_its_name() {
        let (_root, system) = imitate(&[
            ("/proc/cpuinfo", "CPU implementer : 0x41\nCPU part : 0xd08\n"),
            ("/proc/device-tree/model", "Raspberry Pi 4 Model B\0"),
        ]);
        assert_eq!(model(&system).as_deref(), Some("ARM Cortex-A72 (Raspberry Pi 4 Model B)"));
    }
}
