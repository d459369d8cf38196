internal import CLinux

/// Gives away what a program does not need that only reads what is open and writes to what is open: capabilities(7), new
/// privileges, and by seccomp(2) other programs, sockets, signals and files to write.
///
/// For the calling thread and those that it starts, for good. What the kernel can't do is left out.
public func confine() { packetwalk_confine() }
