import Files
public import Foundation
public import Torch

/// The ranks that compute together, seen from one of them. All make the same calls in the same order, each from
/// one thread. A rank that waits for another that is lost or has ended with an error throws a `RankError` that
/// names it.
public final class RankGroup {
  /// What to wait for, and for how long.
  public struct Limits: Sendable {
    /// The time in which all ranks must come.
    public var start: Duration
    /// The time without a sign of life after which a rank counts as lost. A rank that does not react to a failure
    /// in as much time ends at once.
    public var silence: Duration
    /// The time after which an exchange fails although all ranks give signs of life.
    public var exchange: Duration

    /// Creates limits.
    public init(
      start: Duration = .seconds(300), silence: Duration = .seconds(30),
      exchange: Duration = .seconds(1800)
    ) {
      self.start = start
      self.silence = silence
      self.exchange = exchange
    }
  }

  /// How often a wait looks for lost ranks.
  private static let patience = Duration.milliseconds(200)

  /// The number of this rank, from 0.
  public let rank: Int
  /// All ranks, in their order.
  public let names: [RankName]
  /// The number of this rank on its machine, from 0.
  public let localRank: Int
  private let store: TCPStore
  private let monitor: RankMonitor
  private let cpu: ProcessGroup
  private var gpu: ProcessGroup?

  /// Meets the other ranks.
  ///
  /// - Parameters:
  ///   - onStuck: Called if this rank does not react to the failure of another. It must end the process.
  /// - Throws: `RankError` if they do not come, or do not fit together.
  public init(
    _ launch: Launch, limits: Limits = Limits(), onStuck: @escaping @Sendable (RankError) -> Void
  ) throws {
    rank = launch.rank
    store = try Rendezvous.open(launch, limits.start)
    do {
      names = try Rendezvous.meet(launch, store, limits.start)
    } catch {
      // The others see in the store of rank 0 what is wrong.
      if launch.rank == 0 { Thread.sleep(forTimeInterval: 1) }
      throw (error as? TorchError).map { RankError.noNetwork(reason: $0.message) } ?? error
    }
    let host = names[launch.rank].host
    localRank =
      launch.localRank ?? names[..<launch.rank].count { $0.host == host }
    monitor = RankMonitor(
      try store.connection(), names, rank: launch.rank, limit: limits.silence)
    do {
      let endpoint: ProcessGroup.Endpoint =
        try launch.interface.map { .interface($0) }
        ?? .address(ProcessGroup.localAddress(reaching: launch.address, port: launch.port))
      cpu = try .gloo(
        store, rank: launch.rank, size: launch.size, at: endpoint, timeout: limits.exchange)
    } catch let error as TorchError {
      throw RankError.noNetwork(reason: error.message)
    }
    monitor.start(onStuck: onStuck)
  }

  /// A rank that is dropped without ``leave()`` is lost.
  deinit { monitor.vanish() }

  /// The number of ranks.
  public var size: Int { names.count }

  /// Whether this is rank 0, which alone writes.
  public var isLeader: Bool { rank == 0 }

  /// The number of ranks on this machine.
  public var localSize: Int { names.count { $0.host == names[rank].host } }

  /// The host names, each once, in the order of the ranks.
  public var hosts: [String] {
    names.reduce(into: []) { hosts, name in
      if !hosts.contains(name.host) { hosts.append(name.host) }
    }
  }

  /// Lets this rank exchange tensors on its GPU. Throws `LaunchError.noNCCL`, and `RankError` if NCCL cannot
  /// connect the GPUs.
  public func connect(_ device: Device) throws {
    guard device.isCUDA else { return }
    guard ProcessGroup.hasNCCL else { throw LaunchError.noNCCL }
    do {
      gpu = try .nccl(store, rank: rank, size: size, device: device)
    } catch {
      throw RankError.noNetwork(reason: error.message)
    }
  }

  // MARK: Exchanges

  /// Replaces a contiguous tensor by the sum over all ranks, in place: on all ranks the same bits. Throws
  /// `RankError`.
  public func sum(_ tensor: Tensor) throws {
    try complete { try group(of: tensor).allReduce(tensor) }
  }

  /// Overwrites a contiguous tensor by that of a rank, in place. Throws `RankError`.
  public func broadcast(_ tensor: Tensor, from root: Int = 0) throws {
    try complete { try group(of: tensor).broadcast(tensor, from: root) }
  }

  /// The bytes of a rank. Throws `RankError`.
  public func broadcast(_ data: Data, from root: Int = 0) throws -> Data {
    let count = try Tensor([Int64(data.count)], shape: [1])
    try broadcast(count, from: root)
    let length = Int(try count.int64s()[0])
    guard length > 0 else { return Data() }
    let bytes =
      try rank == root
      ? Tensor([UInt8](data), shape: [length]) : Tensor.zeros([length], dtype: .uint8)
    try broadcast(bytes, from: root)
    return rank == root ? data : Data(try bytes.bytes())
  }

  /// The values of all ranks, in their order. Throws `RankError`.
  public func gather<Value: Codable>(_ value: Value) throws -> [Value] {
    let own = try JSONEncoder().encode(value)
    return try names.indices.map { root in
      try JSONDecoder().decode(Value.self, from: broadcast(own, from: root))
    }
  }

  /// What rank 0 makes, on all ranks. Throws `RankError`, and on rank 0 the errors of `body`.
  public func fromLeader<Value: Codable>(_ body: () throws -> Value) throws -> Value {
    let own = try isLeader ? JSONEncoder().encode(body()) : Data()
    return try JSONDecoder().decode(Value.self, from: broadcast(own))
  }

  /// Checks that all ranks have the same values. Throws `RankError.differs` for the first that has another one than
  /// rank 0.
  public func requireSame(_ values: KeyValuePairs<String, String>) throws {
    let all = try gather(values.map(\.value))
    guard let other = all.firstIndex(where: { $0 != all[0] }) else { return }
    let names = values.map(\.key)
    let differences = names.indices.filter { all[other][$0] != all[0][$0] }.map {
      "\(names[$0]): \(all[other][$0]) instead of \(all[0][$0])"
    }
    throw RankError.differs(self.names[other], differences: differences)
  }

  /// Whether it is true on any rank. All ranks wait for each other. Throws `RankError`.
  public func any(_ condition: Bool) throws -> Bool {
    let count = try Tensor([Float(condition ? 1 : 0)], shape: [1])
    try sum(count)
    return try count.floats()[0] > 0
  }

  /// Whether a rank was asked to stop. Not all ranks notice it at the same time.
  public var isStopRequested: Bool { monitor.isStopRequested }

  /// Asks all ranks to stop.
  public func requestStop() { monitor.requestStop() }

  /// Throws `RankError` if another rank is lost or has ended with an error.
  public func check() throws(RankError) { try monitor.check() }

  /// Ends the exchanges in good order, after the last of them: rank 0, which serves the store, leaves last.
  public func leave() throws {
    _ = try any(false)
    monitor.close(error: nil)
  }

  /// Tells the other ranks why this one ends, and gives them time to notice it.
  public func leave(after error: any Error) {
    // Freeing its connections would wait for exchanges that never end.
    _ = Unmanaged.passRetained(self)
    let isOthers = error is RankError
    monitor.close(error: isOthers ? nil : "\(error)")
    Thread.sleep(forTimeInterval: isLeader ? 3 : 1.2)
  }

  private func group(of tensor: Tensor) throws(RankError) -> ProcessGroup {
    guard tensor.device.isCUDA else { return cpu }
    guard let gpu else { throw .exchange(reason: "the GPUs are not connected") }
    return gpu
  }

  private func complete(_ begin: () throws -> PendingWork) throws {
    try monitor.check()
    monitor.count()
    do {
      let work = try begin()
      while try !work.wait(Self.patience) { try monitor.check() }
    } catch let error as TorchError {
      try monitor.explain(error.withoutPlace)
    }
  }
}

extension TorchError {
  /// The message without the place in Gloo's source and its advice.
  fileprivate var withoutPlace: String {
    let text = message.hasPrefix("[") ? message.drop { $0 != "]" }.dropFirst(2) : message[...]
    return String(text.prefix(upTo: text.firstRange(of: ". ")?.lowerBound ?? text.endIndex))
  }
}
