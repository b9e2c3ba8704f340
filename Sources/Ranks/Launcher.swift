/// What a launcher says about this process.
struct Launcher {
  static let standardName = "torchrun"

  let name: String
  var rank: Int?
  var size: Int?
  var localRank: Int?
  /// The address of rank 0, if the launcher says it.
  var address: String?
  /// The port of rank 0, if it can be derived.
  var port: UInt16?

  /// The launcher of this process; nil if there is none. Throws `LaunchError.invalid`.
  init?(_ variables: LaunchVariables) throws(LaunchError) {
    if variables.text("RANK") != nil || variables.text("WORLD_SIZE") != nil {
      name = Self.standardName
      rank = try variables.number("RANK")
      size = try variables.number("WORLD_SIZE")
      localRank = try variables.number("LOCAL_RANK")
    } else if let tasks = try variables.number("SLURM_STEP_NUM_TASKS") {
      // Only srun sets the variables of a step. In the batch script itself, one process is alone.
      name = "srun"
      rank = try variables.number("SLURM_PROCID")
      size = tasks
      localRank = try variables.number("SLURM_LOCALID")
      address = (variables.text("SLURM_STEP_NODELIST") ?? variables.text("SLURM_JOB_NODELIST"))
        .flatMap(SlurmNodes.first)
      // Two steps of a job may run at once.
      let job = try variables.number("SLURM_JOB_ID") ?? 0
      let step = try variables.number("SLURM_STEP_ID") ?? 0
      port = UInt16(20_000 + (job &* 31 &+ step) % 10_000)
    } else if let processes = try variables.number("OMPI_COMM_WORLD_SIZE") {
      name = "mpirun"
      rank = try variables.number("OMPI_COMM_WORLD_RANK")
      size = processes
      localRank = try variables.number("OMPI_COMM_WORLD_LOCAL_RANK")
      // Open MPI does not say where rank 0 is, unless all are here.
      let local = try variables.number("OMPI_COMM_WORLD_LOCAL_SIZE")
      address = local == processes ? "127.0.0.1" : nil
    } else {
      return nil
    }
  }
}

/// Slurm's lists of nodes, such as `node[01-04,07],login`.
enum SlurmNodes {
  /// The first node of a list; nil for an empty one.
  static func first(_ list: String) -> String? {
    guard let end = list.firstIndex(where: { $0 == "," || $0 == "[" }) else {
      return list.isEmpty ? nil : list
    }
    let prefix = list[..<end]
    guard list[end] == "[" else { return prefix.isEmpty ? nil : String(prefix) }
    let inside = list[list.index(after: end)...]
    guard let close = inside.firstIndex(of: "]") else { return nil }
    let number = inside[..<close].prefix { $0 != "," && $0 != "-" }
    // The rest of the name follows the brackets, which may be followed by others.
    let rest = inside[inside.index(after: close)...].prefix { $0 != "," }
    return first(String(prefix + number + rest))
  }
}
