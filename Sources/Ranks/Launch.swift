/// How a launcher has started this process: as one of several ranks of a training or a drawing.
///
/// torchrun and Kubernetes' PyTorchJob set `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT`. The variables of
/// Slurm's srun and Open MPI's mpirun are read in their place. What is set by hand comes first.
public struct Launch: Sendable, Equatable {
  /// The port of rank 0 without `MASTER_PORT`, which is PyTorch's.
  static let standardPort: UInt16 = 29500

  /// The number of this rank, from 0.
  public var rank: Int
  /// The number of ranks.
  public var size: Int
  /// The number of this rank on its machine; nil if the launcher does not say it.
  public var localRank: Int?
  /// The address of rank 0.
  public var address: String
  /// The port of rank 0.
  public var port: UInt16
  /// What the launcher calls this attempt, if it starts the ranks again after a failure.
  var attempt: String?
  /// Whether the launcher serves the store at the address, in place of rank 0.
  var launcherServes = false
  /// The network interface to use; nil for the one that reaches rank 0.
  var interface: String?

  /// A launch with rank 0 at this address.
  package init(rank: Int, size: Int, address: String, port: UInt16) {
    (self.rank, self.size, self.address, self.port) = (rank, size, address, port)
  }

  /// Reads the variables of the environment; nil for a process on its own, also if it is the only rank. Throws
  /// `LaunchError`.
  public init?(environment: [String: String]) throws(LaunchError) {
    let variables = LaunchVariables(environment)
    let launcher = try Launcher(variables)
    let names = ["RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"]
    let set = names.filter { variables.text($0) != nil }
    guard let launcher else {
      guard !set.isEmpty else { return nil }
      throw .incomplete(set: set, missing: names.filter { !set.contains($0) })
    }
    guard let size = launcher.size, let rank = launcher.rank else {
      throw .incomplete(set: set, missing: names.filter { !set.contains($0) })
    }
    guard size > 1 else { return nil }
    guard (0..<size).contains(rank) else { throw .rankOutOfRange(rank: rank, size: size) }
    self.rank = rank
    self.size = size
    localRank = launcher.localRank
    let address = variables.text("MASTER_ADDR") ?? launcher.address
    if launcher.name == Launcher.standardName, set.count < names.count {
      throw .incomplete(set: set, missing: names.filter { !set.contains($0) })
    }
    guard let address else {
      throw .noAddress(launcher: launcher.name, size: size)
    }
    self.address = address
    if let port = try variables.number("MASTER_PORT") {
      guard let number = UInt16(exactly: port), number > 0 else {
        throw .invalid(variable: "MASTER_PORT", value: "\(port)", allowed: "1 to 65535")
      }
      self.port = number
    } else {
      port = launcher.port ?? Self.standardPort
    }
    attempt = variables.text("TORCHELASTIC_RESTART_COUNT")
    launcherServes = variables.text("TORCHELASTIC_USE_AGENT_STORE") == "True"
    interface = variables.text("GLOO_SOCKET_IFNAME")
  }

  /// The number of this rank on its machine, as its launcher says it; nil without one. For processes that work
  /// side by side but on their own. Throws `LaunchError`.
  public static func localRank(in environment: [String: String]) throws(LaunchError) -> Int? {
    let variables = LaunchVariables(environment)
    for name in ["LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK"] {
      if let number = try variables.number(name) { return number }
    }
    return nil
  }
}

/// The variables that a launcher sets. Empty ones count as not set.
struct LaunchVariables {
  private let environment: [String: String]

  init(_ environment: [String: String]) { self.environment = environment }

  func text(_ name: String) -> String? {
    environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A whole number that is not negative. Throws `LaunchError.invalid`.
  func number(_ name: String) throws(LaunchError) -> Int? {
    guard let text = text(name) else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw .invalid(variable: name, value: text, allowed: "a whole number from 0")
    }
    return number
  }
}
