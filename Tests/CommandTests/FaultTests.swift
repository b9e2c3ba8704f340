import Files
import Foundation
import NN
import Testing
import Training

extension CommandTests {
  /// Trainings that are killed repeatedly at random points of every stage, by SIGKILL or a simulated power
  /// cut. Resumed to the end, they must have the bytes of a run that was never killed.
  ///
  /// `LORA_TRAIN_FAULTS` sets the number of kills (`make faults`: 500), `LORA_TRAIN_FAULTS_SEED` their
  /// random points and the methods. Without a seed, `make faults` has another one each time, which it prints.
  @Suite struct FaultTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let givenKills = environment["LORA_TRAIN_FAULTS"].flatMap { Int($0) }
    private static let kills = givenKills ?? 60
    private static let seed =
      environment["LORA_TRAIN_FAULTS_SEED"].flatMap { UInt64($0) }
      ?? (givenKills == nil ? 20 : UInt64(Date().timeIntervalSince1970))

    /// The number of runs at a time.
    private static let lanes = 4
    /// The methods by turns, with the options of one of the memory ladder's rungs.
    private static let options: [[String: String]] = {
      let rungs: [[String: String]] = [
        [:], ["checkpointing_extent": "feed-forward"],
        ["frozen_weights": "offloaded", "offloaded_share": "0.5"], ["frozen_weights": "int8"],
      ]
      // A method is killed about eight times in `make test`, and 16 times in `make faults`.
      let count = max(2 * lanes, kills / 16)
      return DrawnMethod.draw(count, seed: seed).enumerated().map { index, method in
        rungs[index % rungs.count].merging(method.options) { $1 }
      }
    }()

    /// A stage of the training at which a process is killed.
    private struct Stage {
      let name: String
      /// Failpoint and a part of the path; nil for a random instant.
      let point: (name: String, text: String)?
    }

    private static let stages: [Stage] =
      [
        ("start-up", "start-up", ""), ("caching", "caching", ""),
        ("cache write", "write", "/cache/"),
        ("cache rename", "rename", "/cache/"), ("step", "step", ""), ("sampling", "sampling", ""),
        ("history", "append", "history.jsonl"), ("history fsync", "sync", "history.jsonl"),
        ("validation", "validation", ""), ("sample write", "any", "/samples/"),
        ("checkpoint write", "write", "/.step-"), ("checkpoint fsync", "sync", "/.step-"),
        ("manifest", "manifest", ""), ("checkpoint rename", "rename", "run-1/step-"),
        ("database", "database", ""), ("retention", "any", ".removed"),
      ].map { Stage(name: $0.0, point: ($0.1, $0.2)) } + [Stage(name: "any instant", point: nil)]

    /// The kills so far.
    private struct Tally {
      var killed: [String: Int] = [:]
      var runs = 0
      var cuts = 0

      var kills: Int { killed.values.reduce(0, +) }

      mutating func add(_ more: Tally) {
        killed.merge(more.killed, uniquingKeysWith: +)
        runs += more.runs
        cuts += more.cuts
      }
    }

    @Test("Killed at random points of every stage and resumed, a run has the same bytes")
    func faults() async throws {
      print("faults: seed \(Self.seed)")
      let tally = try await withThrowingTaskGroup(of: Tally.self) { group in
        for lane in 0..<Self.lanes {
          group.addTask {
            var random = SplitMix(state: Self.seed &+ UInt64(lane))
            // In turn, so that every stage has kills.
            var turn = lane * Self.stages.count / Self.lanes
            return try stride(from: lane, to: Self.options.count, by: Self.lanes).reduce(
              into: Tally()
            ) { sum, method in
              sum.add(try Self.kill(method, &turn, &random))
            }
          }
        }
        return try await group.reduce(into: Tally()) { $0.add($1) }
      }
      let list = Self.stages.map { "\($0.name) \(tally.killed[$0.name, default: 0])" }
      print(
        "faults: \(tally.kills) kills in \(tally.runs) runs of \(Self.options.count) methods (\(list.joined(separator: ", ")); "
          + "\(tally.cuts) of them power cuts), all resumed to the end")
      #expect(tally.kills == Self.kills)
      for stage in Self.stages where Self.kills >= 4 * Self.stages.count {
        #expect(tally.killed[stage.name, default: 0] > 0, "no kill at \(stage.name)")
      }
    }

    /// Does a method's share of the kills. Each run is killed and resumed until it ends.
    private static func kill(
      _ method: Int, _ turn: inout Int, _ random: inout SplitMix
    ) throws -> Tally {
      let options = options[method]
      let list = options.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
      print("faults: method \(method): \(list.joined(separator: ", "))")
      let workspace = try Workspace()
      try fill(workspace, options)
      let reference = try Reference(workspace)
      let count = Self.options.count
      let share = kills / count + (method < kills % count ? 1 : 0)
      var tally = Tally()
      while tally.kills < share {
        let place = try Workspace()
        try fill(place, options)
        try place.copyCaches(from: workspace)
        tally.runs += 1
        var isOver = false
        while !isOver, tally.kills < share {
          let stage = stages[turn % stages.count]
          let isPowerCut = random.below(3) == 0
          turn += 1
          if stage.name.hasPrefix("cach") { try place.removeCaches() }
          let outcome = try die(in: place, at: stage, isPowerCut, reference, &random)
          if outcome.code == -SIGKILL {
            tally.killed[stage.name, default: 0] += 1
            tally.cuts += isPowerCut && stage.point != nil ? 1 : 0
            // A power cut may damage SQLite's files in any way. Some of them are deleted here.
            if isPowerCut, random.below(3) == 0 { place.removeDatabase() }
          } else {
            #expect(outcome.code == 0, "\(stage.name): \(outcome.messages)")
            isOver = true
            try reference.expectSame(outcome, in: place)
          }
        }
        guard !isOver else { continue }
        try reference.expectSame(place.launch(command), in: place)
      }
      return tally
    }

    private static func die(
      in place: Workspace, at stage: Stage, _ isPowerCut: Bool, _ reference: Reference,
      _ random: inout SplitMix
    ) throws -> Program.Outcome {
      guard let point = stage.point else {
        let training = try Program.start(command, in: place.url)
        Thread.sleep(forTimeInterval: reference.seconds * Double(random.below(1000)) / 1000)
        training.send(SIGKILL)
        return try training.wait()
      }
      let count = reference.count(point.name, point.text)
      // A resumed run reaches fewer of them.
      let number = 1 + random.below(max(1, random.below(2) == 0 ? count : count / 3))
      let place = place.url
      return try Program.run(
        command, in: place,
        environment: [
          "LORA_TRAIN_FAILPOINT":
            "\(point.name):\(point.text)@\(number)=\(isPowerCut ? "power" : "kill")"
        ])
    }

    static let command = Workspace.training(steps: 6, "--config", "config.yaml").filter {
      $0 != "--sample-every" && $0 != "0"
    }

    /// A training of a new word, with class images, validation images, samples, warm-up, an average and
    /// retention.
    static func fill(_ workspace: Workspace, _ options: [String: String] = [:]) throws {
      try workspace.write("trigger: sks-cube\nclass_word: cube\n", to: "Datasets/cube/subject.yaml")
      for number in 0..<3 {
        try workspace.write(
          "a photo of sks-cube, number \(number)", to: "Datasets/cube/\(number).txt")
      }
      try workspace.write(workspace.image(7), to: "Datasets/cube/validation/7.png")
      try workspace.write("a photo of sks-cube", to: "Datasets/cube/validation/7.txt")
      let all = [
        "learning_rate_schedule": "cosine", "learning_rate_warmup_steps": "2", "ema": "0.9",
        "evaluate": "ema",
        "prior_images": "1", "prior_steps": "1", "class_prompts": "[a photo of a box]",
        "checkpoint_every": "2", "keep_last": "1", "validate_every": "3", "sample_every": "3",
        "sample_steps": "1", "sample_seeds": "[42]",
      ].merging(options) { $1 }
      try workspace.write(
        all.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\n" }.joined(),
        to: "config.yaml")
    }
  }
}

/// A run that was never killed, and its files.
struct Reference {
  /// The duration of the run.
  let seconds: Double
  private let trace: [String]
  private let files: [String: String]
  private let report: [String]

  init(_ workspace: Workspace) throws {
    let start = ContinuousClock.now
    let file = workspace.file("trace")
    let outcome = try Program.run(
      CommandTests.FaultTests.command, in: workspace.url,
      environment: ["LORA_TRAIN_FAILPOINT_TRACE": file.path])
    seconds = (ContinuousClock.now - start) / .seconds(1)
    trace = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    files = try Self.files(of: outcome, in: workspace)
    report = try Self.report(of: outcome, in: workspace)
    #expect(files.keys.contains("step-000006/adapter.safetensors"), "\(outcome.messages)")
  }

  /// How often the run reached a failpoint with a text in its path.
  func count(_ point: String, _ text: String) -> Int {
    trace.count { line in
      (point == "any" || line.hasPrefix("\(point) ")) && (text.isEmpty || line.contains(text))
    }
  }

  /// Expects another run to have the same files with the same bytes, and no others.
  func expectSame(_ outcome: Program.Outcome, in workspace: Workspace) throws {
    #expect(outcome.code == 0, "\(outcome.messages)")
    guard outcome.code == 0 else { return }
    let found = try Self.files(of: outcome, in: workspace)
    #expect(found.keys.sorted() == files.keys.sorted())
    for (name, hash) in files { #expect(found[name] == hash, "\(name) differs") }
    #expect(try Self.report(of: outcome, in: workspace) == report)
  }

  /// The hash of every file of a finished run. Times in states and histories are left out.
  private static func files(
    of outcome: Program.Outcome, in workspace: Workspace
  ) throws -> [String: String] {
    let path = outcome.results.split(separator: "\n").last.map(String.init) ?? ""
    let run = workspace.file(path).deletingLastPathComponent().deletingLastPathComponent()
    var files: [String: String] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: run.path) {
      let file = run.appending(path: name)
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
      guard !isFolder.boolValue, ![".lock", "caches.json"].contains(name),
        !name.hasSuffix("manifest.json")
      else { continue }
      files[name] =
        name.hasSuffix("state.json")
        ? try withoutTimes(Data(contentsOf: file))
        : name == "history.jsonl"
          ? history(try Data(contentsOf: file)) : try ContentHash.of(fileAt: file)
    }
    return files
  }

  private static func withoutTimes(_ data: Data) throws -> String {
    var state = try JSONDecoder().decode(TrainingState.self, from: data)
    state.run = 0
    state.resumes = nil
    state.history = HistoryMark(bytes: 0, sha256: "")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return ContentHash.of(try encoder.encode(state))
  }

  /// The lines of a history without the seconds of the steps.
  private static func history(_ data: Data) -> String {
    String(decoding: data, as: UTF8.self).replacing(/"seconds":[^,}]+,/, with: "")
  }

  /// The records of the run in the database, without times.
  private static func report(
    of outcome: Program.Outcome, in workspace: Workspace
  ) throws -> [String] {
    let run = try workspace.show()
    return run.losses.map { "\($0.numbers)" } + run.validation.map { "\($0)" }
      + run.checkpoints.map { "\($0.step) \($0.sha256)" } + run.samples.map { "\($0.step)" }
      + [run.status]
  }
}

/// SplitMix64 (Steele, Lea & Flood 2014), which gives the same numbers on every machine.
struct SplitMix {
  var state: UInt64

  mutating func below(_ limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((value ^ (value >> 31)) % UInt64(limit))
  }
}

extension Workspace {
  fileprivate func copyCaches(from other: Workspace) throws {
    try FileManager.default.createDirectory(
      at: file("Checkpoints"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: other.file("Checkpoints/cache"), to: file("Checkpoints/cache"))
  }

  fileprivate func removeCaches() throws {
    let caches = file("Checkpoints/cache")
    guard FileManager.default.fileExists(atPath: caches.path) else { return }
    try FileManager.default.removeItem(at: caches)
  }

  func removeDatabase() {
    for ending in ["", "-wal", "-shm"] { unlink(file("Checkpoints/runs.sqlite\(ending)").path) }
  }
}
