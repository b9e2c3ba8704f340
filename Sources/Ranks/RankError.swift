public import Files

/// A failure of ranks that work together.
public enum RankError: ReportableError, Equatable {
  /// Rank 0 could not open its port.
  case portTaken(port: Int, reason: String)
  /// Rank 0 was not reached.
  case unreachable(address: String, port: Int, seconds: Int)
  /// Some ranks have not come.
  case missing(ranks: [Int], size: Int, seconds: Int)
  /// Two processes have one number.
  case duplicate(rank: Int, processes: [String])
  /// A rank was started with another number of ranks.
  case otherSize(rank: RankName, size: Int, own: Int)
  /// No network connects the ranks.
  case noNetwork(reason: String)
  /// A rank gives no sign of life.
  case lost(RankName, seconds: Int)
  /// A rank gives signs of life, but takes no part in an exchange.
  case stuck(RankName)
  /// A rank has ended with an error.
  case ended(RankName, message: String)
  /// An exchange between the ranks has failed, and nothing shows why.
  case exchange(reason: String)
  /// A rank has other settings, data or programs than rank 0.
  case differs(RankName, differences: [String])

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .portTaken, .unreachable, .missing, .noNetwork, .lost, .stuck, .ended, .exchange:
      .unavailable
    case .duplicate, .otherSize, .differs: .usage
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .portTaken(let port, let reason):
      "Rank 0 cannot listen on port \(port) (\(reason)); set MASTER_PORT to a free port, and start only "
        + "one process with rank 0."
    case .unreachable(let address, let port, let seconds):
      "Rank 0 was not reached at \(address), port \(port), within \(seconds) s; check MASTER_ADDR, "
        + "MASTER_PORT and that rank 0 was started."
    case .missing(let ranks, let size, let seconds):
      "\(ranks.count == 1 ? "Rank" : "Ranks") \(listing(ranks.map(String.init))) of \(size) did not come "
        + "within \(seconds) s; start all ranks, or set WORLD_SIZE to their number."
    case .duplicate(let rank, let processes):
      "Several processes have rank \(rank) (\(listing(processes))); give each its own number with RANK."
    case .otherSize(let rank, let size, let own):
      "\(rank.capitalized) was started with a world size of \(size), but this process with \(own); start all "
        + "with the same number."
    case .noNetwork(let reason):
      "The ranks cannot be connected (\(reason)); check the network, or name its interface with "
        + "GLOO_SOCKET_IFNAME."
    case .lost(let rank, let seconds):
      "\(rank.capitalized) has given no sign of life for \(seconds) s, so all ranks end; start them again to "
        + "resume."
    case .stuck(let rank):
      "\(rank.capitalized) gives signs of life but takes no part in the exchange that the others wait for, so all "
        + "ranks end; look at its machine, and start them again to resume."
    case .ended(let rank, let message):
      "\(rank.capitalized) has ended: \(message)"
    case .exchange(let reason):
      "An exchange between the ranks has failed (\(reason)); start them again to resume."
    case .differs(let rank, let differences):
      "\(rank.capitalized) differs from rank 0 (\(listing(differences))); start all ranks with the same "
        + "program, options, images and base model."
    }
  }
}

/// A rank and where it runs, for messages: `rank 1 (gpu-02, process 4711)`.
public struct RankName: Codable, Sendable, Equatable, CustomStringConvertible {
  /// Its number, from 0.
  public var rank: Int
  /// The host name of its machine.
  public var host: String
  /// The number of its process.
  public var process: Int32

  /// Creates a name.
  public init(rank: Int, host: String, process: Int32) {
    self.rank = rank
    self.host = host
    self.process = process
  }

  /// Number, host and process.
  public var description: String { "rank \(rank) (\(host), process \(process))" }

  /// The description at the start of a sentence.
  var capitalized: String { "R" + description.dropFirst() }
}
