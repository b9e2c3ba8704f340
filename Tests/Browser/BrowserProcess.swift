import Foundation
import NIOCore
import NIOPosix

/// A running Chromium and its temporary folder.
///
/// A shell stands between, and waits for the end of its input. So Chromium ends and its folder goes when
/// the tests crash or are killed, too.
final class BrowserProcess: Sendable {
  private static let watch = """
    exec 3<&0
    folder=$1; shift
    # A group of its own for Chromium's many processes.
    set -m
    "$@" </dev/null 3<&- & browser=$!
    set +m
    exec 2>/dev/null
    { read -r line; kill -9 -- -$browser; } <&3 & watch=$!
    wait $browser
    kill -9 $watch
    kill -9 -- -$browser
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
      rm -rf "$folder" && break
      sleep 0.2
    done
    """

  private let folder: URL
  private let process = Process()
  private let input = Pipe()
  private let output: FileHandle
  private let end: EventLoopPromise<Void>

  /// Starts it.
  ///
  /// - Throws: an error of the file system.
  init(_ executable: URL) throws {
    // The name is short, since Chromium makes a socket, whose path has a hundred characters at most.
    let name = "Browser.\(UUID().uuidString.prefix(8))"
    folder = FileManager.default.temporaryDirectory.appending(path: name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    let file = folder.appending(path: "output.txt")
    try Data().write(to: file)
    output = try FileHandle(forReadingFrom: file)
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [
      "-c", Self.watch, "bash", folder.path, executable.path, "--headless=new", "--no-sandbox",
      "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0",
      "--user-data-dir=\(folder.appending(path: "profile").path)", "--no-first-run",
      "--no-default-browser-check", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-breakpad",
      "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
      "--disable-renderer-backgrounding", "about:blank",
    ]
    // Chromium leaves sockets, crash reports and caches in these folders.
    var environment = ProcessInfo.processInfo.environment
    for name in ["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
      environment[name] = folder.path
    }
    process.environment = environment
    // No other process may keep the input open.
    _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: file)
    let end = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
    self.end = end
    process.terminationHandler = { _ in end.succeed() }
    do {
      try Self.withoutBlockedSignals { try process.run() }
    } catch {
      end.succeed()
      try FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  /// The address of the protocol, once Chromium listens.
  ///
  /// - Throws: `BrowserError.launch`, `CancellationError`.
  func address() async throws -> URL {
    let file = folder.appending(path: "profile/DevToolsActivePort")
    let deadline = ContinuousClock.now + .seconds(Browser.patience)
    while ContinuousClock.now < deadline {
      guard process.isRunning else { throw failure("it ended at once") }
      // The first line is the port, the second the path.
      let lines = (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n") ?? []
      if lines.count == 2, let address = URL(string: "ws://127.0.0.1:\(lines[0])\(lines[1])") {
        return address
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw failure("it did not listen within \(Int(Browser.patience)) seconds")
  }

  /// Ends it and waits until its folder is gone, even in a task that was cancelled.
  func end() async {
    try? input.fileHandleForWriting.close()
    try? await end.futureResult.get()
  }

  private func failure(_ reason: String) -> BrowserError {
    let text = (try? output.readToEnd()).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return BrowserError.launch(reason, output: text.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  /// The threads of Swift's tasks block all signals, and a process inherits that. The shell would then
  /// never hear that Chromium ended.
  private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var blocked = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &blocked)
    defer { pthread_sigmask(SIG_SETMASK, &blocked, nil) }
    try body()
  }
}
