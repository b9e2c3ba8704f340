import Testing

@testable import Ranks

/// What launchers set becomes rank, size and address.
struct LaunchTests {
  private static let torchrun = [
    "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "node1",
    "MASTER_PORT": "29511",
  ]

  @Test("Without a launcher, and with a single rank, a process is on its own")
  func alone() throws {
    #expect(try Launch(environment: [:]) == nil)
    #expect(try Launch(environment: ["RANK": "", "WORLD_SIZE": ""]) == nil)
    #expect(
      try Launch(environment: Self.torchrun.merging(["RANK": "0", "WORLD_SIZE": "1"]) { $1 }) == nil
    )
    // A batch script of Slurm, without srun.
    #expect(
      try Launch(environment: [
        "SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_NTASKS": "8",
        "SLURM_JOB_NODELIST": "node[1-2]",
      ]) == nil)
    #expect(
      try Launch(environment: ["SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"]) == nil)
  }

  @Test("torchrun's variables")
  func torchrunVariables() throws {
    let launch = try #require(try Launch(environment: Self.torchrun))
    #expect((launch.rank, launch.size, launch.localRank) == (3, 4, 1))
    #expect((launch.address, launch.port) == ("node1", 29511))
    #expect(!launch.launcherServes && launch.attempt == nil)
    let agent = [
      "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2",
      "GLOO_SOCKET_IFNAME": "eth1",
    ]
    let again = try #require(try Launch(environment: Self.torchrun.merging(agent) { $1 }))
    #expect(again.launcherServes && again.attempt == "2" && again.interface == "eth1")
  }

  @Test("Kubernetes' PyTorchJob sets no local rank")
  func kubernetes() throws {
    var variables = Self.torchrun
    variables["LOCAL_RANK"] = nil
    #expect(try #require(try Launch(environment: variables)).localRank == nil)
  }

  @Test("Slurm's variables; two steps of a job have ports of their own")
  func slurm() throws {
    var variables = [
      "SLURM_STEP_NUM_TASKS": "8", "SLURM_PROCID": "5", "SLURM_LOCALID": "1",
      "SLURM_STEP_NODELIST": "gpu[03-04],big1", "SLURM_JOB_ID": "4711", "SLURM_STEP_ID": "0",
    ]
    let launch = try #require(try Launch(environment: variables))
    #expect((launch.rank, launch.size, launch.localRank) == (5, 8, 1))
    #expect(launch.address == "gpu03")
    variables["SLURM_STEP_ID"] = "1"
    #expect(try #require(try Launch(environment: variables)).port != launch.port)
    variables["MASTER_ADDR"] = "10.0.0.1"
    variables["MASTER_PORT"] = "1234"
    let set = try #require(try Launch(environment: variables))
    #expect((set.address, set.port) == ("10.0.0.1", 1234))
  }

  @Test(
    "The first node of Slurm's lists",
    arguments: [
      ("node1", "node1"), ("node1,node2", "node1"), ("node[01-04,07],login", "node01"),
      ("rack[1-2]-node[3-4]", "rack1-node3"), ("n[7]", "n7"), ("a-[2,5]x", "a-2x"),
    ])
  func nodes(list: String, first: String) { #expect(SlurmNodes.first(list) == first) }

  @Test("A damaged list has no first node", arguments: ["", ",a", "n[1-2"])
  func damagedNodes(list: String) { #expect(SlurmNodes.first(list) == nil) }

  @Test("Open MPI's variables; on several machines the address must be given")
  func openMPI() throws {
    var variables = [
      "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
      "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
    ]
    let launch = try #require(try Launch(environment: variables))
    #expect((launch.rank, launch.size, launch.localRank) == (1, 2, 1))
    #expect((launch.address, launch.port) == ("127.0.0.1", Launch.standardPort))
    variables["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1"
    #expect(throws: LaunchError.noAddress(launcher: "mpirun", size: 2)) {
      try Launch(environment: variables)
    }
    variables["MASTER_ADDR"] = "node1"
    #expect(try #require(try Launch(environment: variables)).address == "node1")
  }

  @Test("Half of the variables", arguments: ["RANK", "WORLD_SIZE", "MASTER_PORT"])
  func incomplete(missing: String) throws {
    var variables = Self.torchrun
    variables[missing] = nil
    let error = #expect(throws: LaunchError.self) { try Launch(environment: variables) }
    let names = ["RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"]
    #expect(
      error == .incomplete(set: names.filter { $0 != missing }, missing: [missing]))
    #expect(error?.description.contains("but not \(missing);") == true)
    #expect(throws: LaunchError.self) { try Launch(environment: ["MASTER_ADDR": "node1"]) }
  }

  @Test(
    "Values that are not allowed",
    arguments: [
      ("RANK", "-1"), ("RANK", "one"), ("WORLD_SIZE", "4.5"), ("MASTER_PORT", "0"),
      ("MASTER_PORT", "65536"), ("LOCAL_RANK", "a"),
    ])
  func invalid(name: String, value: String) throws {
    let variables = Self.torchrun.merging([name: value]) { $1 }
    let error = #expect(throws: LaunchError.self) { try Launch(environment: variables) }
    #expect(error?.description.contains("\(name) is \(value), but must be") == true)
  }

  @Test("A rank that is not below the world size")
  func outOfRange() {
    #expect(throws: LaunchError.rankOutOfRange(rank: 4, size: 4)) {
      try Launch(environment: Self.torchrun.merging(["RANK": "4"]) { $1 })
    }
  }

  @Test("Shares have every item once and differ by at most one", arguments: 1...9, 0...20)
  func shares(size: Int, count: Int) {
    let shares = (0..<size).map { Share(rank: $0, size: size) }
    #expect(shares.flatMap { Array($0.range(of: count)) } == Array(0..<count))
    let lengths = shares.map { $0.range(of: count).count }
    #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 1)
    for index in 0..<count {
      #expect(shares.filter { $0.contains(index) }.map(\.rank) == [shares[0].owner(of: index)])
    }
  }
}
