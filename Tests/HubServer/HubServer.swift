import Foundation
import Synchronization

/// A server that speaks the Hub's public interface, beside a second one that keeps large files, as the
/// Hub's storage does. Tests put faults into its answers.
public final class HubServer: Sendable {
  /// What goes wrong with one answer.
  public enum Fault: Sendable {
    /// An answer with this status and these headers.
    case status(Int, [String: String] = [:])
    /// The connection closes after this many bytes.
    case dropped(after: Int)
    /// An answer without a length that ends after this many bytes.
    case truncated(to: Int)
    /// Nothing more comes after this many bytes.
    case stalled(after: Int)
    /// Each byte has another value.
    case wrongBytes
    /// More bytes than the file has.
    case tooLong
    /// The whole file, whatever `Range` asks for.
    case ignoredRange
    /// Bytes from another place than `Range` asks for.
    case wrongRange
    /// A redirect.
    case redirect(String)
  }

  /// What the server keeps.
  struct State {
    var repositories: [String: StoredRepository] = [:]
    /// The faults of the next answers, by path in the repository or by kind of request (`revision`,
    /// `tree`, `batch`, ...).
    var faults: [String: [Fault]] = [:]
    /// Large files by SHA-256.
    var objects: [String: Data] = [:]
    /// Parts of large files that are being sent, by SHA-256 and number.
    var parts: [String: [Int: Data]] = [:]
    /// Bytes of each part of an upload in parts; nil for uploads in one piece.
    var partSize: Int?
    /// The addresses of both servers.
    var address = ""
    var storageAddress = ""
    /// The number of entries on a page of a tree.
    var pageSize = 1000
  }

  let state: Mutex<State>
  /// The Hub itself.
  public let hub: HTTPServer
  /// The storage of large files, on another host.
  public let storage: HTTPServer

  /// The token that opens gated and private repositories, and that permits uploads.
  public static let token = "hf_test"

  /// Starts both servers.
  public init() throws {
    let box = Box()
    hub = try HTTPServer { box.server?.answer($0) ?? Answer(503) }
    storage = try HTTPServer(on: "127.0.0.2") { box.server?.answerOfStorage($0) ?? Answer(503) }
    state = Mutex(State(address: hub.address, storageAddress: storage.address))
    box.set(self)
  }

  /// Breaks the circle of servers and their answers.
  private final class Box: Sendable {
    private let held = Mutex(Held())
    private struct Held { weak var server: HubServer? }

    var server: HubServer? { held.withLock { $0.server } }
    func set(_ server: HubServer) { held.withLock { $0.server = server } }
  }

  /// Adds or replaces a repository.
  public func add(_ repository: StoredRepository, named name: String) {
    state.withLock { state in
      state.repositories[name] = repository
      for file in repository.files.values where file.isLarge {
        state.objects[file.sha256] = file.content
      }
    }
  }

  /// A repository as it is now.
  public func repository(_ name: String) -> StoredRepository? {
    state.withLock { $0.repositories[name] }
  }

  /// Sets the faults of the next answers about a file, or of a kind of request.
  public func fail(_ place: String, _ faults: [Fault]) {
    state.withLock { $0.faults[place] = faults }
  }

  /// Faults that no answer has had yet.
  public func unusedFaults(_ place: String) -> Int {
    state.withLock { $0.faults[place]?.count ?? 0 }
  }

  /// Sets the number of entries on a page of a tree.
  public func setPageSize(_ size: Int) { state.withLock { $0.pageSize = size } }

  /// Makes uploads of more than this many bytes come in parts.
  public func setPartSize(_ size: Int) { state.withLock { $0.partSize = size } }

  /// The requests for a file's content, at either server.
  public func downloads(of path: String) -> [Request] {
    let sha256 = state.withLock { state in
      state.repositories.values.compactMap { $0.files[path]?.sha256 }
    }
    return hub.received.filter { $0.path.contains("resolve") && $0.target.hasSuffix("/" + path) }
      + storage.received.filter { request in sha256.contains { request.path.contains($0) } }
  }

  /// The next fault at a place, which is used up.
  func nextFault(_ place: String) -> Fault? {
    state.withLock { state in
      guard state.faults[place]?.isEmpty == false else { return nil }
      return state.faults[place]?.removeFirst()
    }
  }
}
