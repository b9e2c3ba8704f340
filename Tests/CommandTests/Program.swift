import Foundation
import Synchronization
import TestSupport
import Torch

@testable import lora_train

/// Runs the program in its own process, or in the process of the tests.
enum Program {
  /// The exit code and the output of a process.
  struct Outcome {
    /// The exit code; for a process that a signal killed, minus the signal's number.
    let code: Int32
    /// Standard output.
    let results: String
    /// Standard error.
    let messages: String

    /// The last line of standard error.
    var lastMessage: String { messages.split(separator: "\n").last.map(String.init) ?? "" }
  }

  /// The executable, in the same folder as the tests.
  static var executable: URL {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "lora-train")
  }

  /// Runs to the end.
  static func run(
    _ arguments: [String], in folder: URL, environment: [String: String] = [:]
  ) throws -> Outcome {
    try start(arguments, in: folder, environment: environment).wait()
  }

  /// Runs a command in this process, which saves loading libtorch again. Signals are not caught.
  static func call(_ arguments: [String], in folder: URL) throws -> Outcome {
    // A thread with its own current folder need not wait for other commands. Threads that the command
    // starts share the folder, and paths are absolute before older threads get them.
    if unshare(cloneFS) == 0 { return try callAlone(arguments, in: folder) }
    return try currentFolder.withLock { _ in try callAlone(arguments, in: folder) }
  }

  /// Held by the command whose folder is the current one, where threads must share it.
  private static let currentFolder = Mutex(())

  private static func callAlone(_ arguments: [String], in folder: URL) throws -> Outcome {
    let streams = try TemporaryDirectory()
    let (results, messages) = try (streams.file("results"), streams.file("messages"))
    let before = FileManager.default.currentDirectoryPath
    guard chdir(folder.path) == 0 else { throw CocoaError(.fileNoSuchFile) }
    defer { _ = chdir(before) }
    // As in a ``RunningProgram``.
    Backend.threads = 1
    let code = try StopSignal.$isCaught.withValue(false) {
      try Console.$streams.withValue(
        Console.Streams(
          results: FileHandle(forWritingTo: results), messages: FileHandle(forWritingTo: messages))
      ) { LoraTrain.run(arguments) }
    }
    return Outcome(
      code: code, results: try String(contentsOf: results, encoding: .utf8),
      messages: try String(contentsOf: messages, encoding: .utf8))
  }

  /// Starts without waiting.
  static func start(
    _ arguments: [String], in folder: URL, environment: [String: String] = [:]
  ) throws -> RunningProgram {
    try RunningProgram(executable, arguments, in: folder, environment: environment)
  }
}

/// unshare(2) and its flag for the current folder, which Glibc's headers hide from Swift.
@_silgen_name("unshare") private func unshare(_ flags: Int32) -> Int32
private let cloneFS: Int32 = 0x200

/// A process of the program that may still be running.
final class RunningProgram {
  /// A process that does not reach a state in time.
  struct TooSlow: Error, CustomStringConvertible {
    let description: String
  }

  private static let patience = Duration.seconds(120)

  private let process = Process()
  private let streams: TemporaryDirectory
  private let output: URL
  private let errors: URL

  /// The streams go to files, since a full pipe would block the process.
  init(
    _ executable: URL, _ arguments: [String], in folder: URL, environment: [String: String]
  ) throws {
    streams = try TemporaryDirectory()
    output = try streams.file("output")
    errors = try streams.file("errors")
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment
      .merging(["OMP_NUM_THREADS": "1"]) { $1 }.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
  }

  /// Waits for the end.
  func wait() throws -> Program.Outcome {
    process.waitUntilExit()
    let signalled = process.terminationReason == .uncaughtSignal
    return Program.Outcome(
      code: signalled ? -process.terminationStatus : process.terminationStatus,
      results: try String(contentsOf: output, encoding: .utf8), messages: try messages())
  }

  /// Sends a signal.
  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits until the program has printed a text on standard error.
  func waitForMessage(_ text: String) throws {
    try wait("\"\(text)\" was not printed") { try messages().contains(text) }
  }

  /// Waits until a file exists.
  func waitForFile(_ file: URL) throws {
    try wait("\(file.path) did not appear") {
      FileManager.default.fileExists(atPath: file.path)
    }
  }

  /// Waits until something is true while the program runs.
  func wait(_ problem: String, until isThere: () throws -> Bool) throws {
    let start = ContinuousClock.now
    while try !isThere() {
      guard process.isRunning, ContinuousClock.now - start < Self.patience else {
        process.terminate()
        throw TooSlow(description: "\(problem); messages: \(try messages())")
      }
      Thread.sleep(forTimeInterval: 0.005)
    }
  }

  private func messages() throws -> String { try String(contentsOf: errors, encoding: .utf8) }
}
