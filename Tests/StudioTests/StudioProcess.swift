import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import RunLog

/// `lora-train serve` in its own process.
final class StudioProcess: Sendable {
  private let process: Process
  private let address: String

  init(in folder: URL, port: Int) throws {
    process = Process()
    process.executableURL = TestStudio.executable
    process.arguments = ["serve", "--port", "\(port)"]
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment
      .merging(["OMP_NUM_THREADS": "1"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    address = "http://127.0.0.1:\(port)"
  }

  deinit { if process.isRunning { kill() } }

  func get(_ path: String) async throws -> JSONValue {
    try await send(HTTPClientRequest(url: address + path))
  }

  func post(_ path: String, _ body: String) async throws -> JSONValue {
    var request = HTTPClientRequest(url: address + path)
    request.method = .POST
    request.body = .bytes(Data(body.utf8))
    return try await send(request)
  }

  /// Waits until the server answers.
  private func send(_ request: HTTPClientRequest) async throws -> JSONValue {
    for _ in 0..<400 {
      do {
        let response = try await TestStudio.client.execute(request, timeout: .seconds(120))
        let data = try await response.body.collect(upTo: 16 << 20)
        return try JSONDecoder().decode(JSONValue.self, from: Data(data.readableBytesView))
      } catch is HTTPClientError {
        try await Task.sleep(for: .milliseconds(50))
      } catch is NIOConnectionError {
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    throw CancellationError()
  }

  /// Sends SIGINT to the process group, as Ctrl-C in a terminal does.
  func interruptGroup() {
    let group = getpgid(process.processIdentifier)
    // The tests may be in the same group.
    if group != getpgrp() { Foundation.kill(-group, SIGINT) }
  }

  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
