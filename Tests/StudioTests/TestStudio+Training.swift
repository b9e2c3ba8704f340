import Browser
import Foundation
import NIOCore
import NIOPosix
import RunLog
import Workspace

/// A training of the program in its own process, as a user starts it in a terminal.
final class TestTraining: Sendable {
  /// A training that did not get as far as a test needs.
  struct TooSlow: Error, CustomStringConvertible {
    let step: Int

    var description: String { "The training has not done step \(step) before its end, or in time." }
  }

  private let project: ProjectFolder
  private let process: Process
  private let end: EventLoopPromise<Int32>

  /// Starts `lora-train train` on the three images.
  init(in folder: URL, steps: Int, _ more: [String] = []) throws {
    project = ProjectFolder(folder.appending(path: "Checkpoints").path)
    process = Process()
    process.executableURL = TestStudio.executable
    process.arguments =
      [
        "train", "--subject", "cube", "--model", "demo", "--steps", "\(steps)", "--rank", "4",
        "--resolution", "64", "--device", "cpu", "--sample-steps", "2",
      ] + more
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment
      .merging(["OMP_NUM_THREADS": "1"]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let end = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Int32.self)
    self.end = end
    process.terminationHandler = { end.succeed($0.terminationStatus) }
    do {
      try process.run()
    } catch {
      end.fail(error)
      throw error
    }
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  /// Waits for the end. Returns the exit code.
  @discardableResult
  func wait() async throws -> Int32 { try await end.futureResult.get() }

  /// Pauses the process once it has recorded a step, so that no test depends on how fast it trains.
  ///
  /// Call it before anything is awaited: a busy machine may give the test its next turn only minutes later.
  func pause(afterStep step: Int) throws {
    let deadline = ContinuousClock.now + .seconds(Browser.patience)
    while try RunArchive(at: project.database)?.runs().last?.step ?? 0 < step {
      guard process.isRunning, ContinuousClock.now < deadline else { throw TooSlow(step: step) }
      Thread.sleep(forTimeInterval: 0.005)
    }
    kill(process.processIdentifier, SIGSTOP)
  }

  /// Ends the pause.
  func goOn() { kill(process.processIdentifier, SIGCONT) }
}
