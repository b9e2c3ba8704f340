import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Files
@testable import Training

@Suite("Retention")
struct RetentionTests {
  private func kept(
    _ existing: [Int], last: Int? = nil, every: Int? = nil, losses: [Int: Double] = [:]
  ) -> [Int]? {
    var config = TrainingConfig()
    config.steps = 100
    config.keepLast = last
    config.keepEvery = every
    let validation = losses.sorted { $0.key < $1.key }.map {
      ValidationReport(step: $0.key, validation: [$0.value], training: [$0.value])
    }
    return Retention(config)?.kept(of: existing, validation: validation).sorted()
  }

  @Test("the latest, those at multiples, the best and the final checkpoint are kept")
  func rules() {
    let all = Array(stride(from: 10, through: 100, by: 10))
    #expect(kept(all) == nil)
    #expect(kept(all, last: 2) == [90, 100])
    #expect(kept(all, every: 30) == [30, 60, 90, 100])
    #expect(kept(all, last: 3, every: 50) == [50, 80, 90, 100])
    #expect(kept(all, last: 1, losses: [0: 0.1, 20: 0.5, 40: 0.4, 60: 0.4]) == [40, 100])
    #expect(kept([100, 110, 120], last: 1) == [100, 120], "the final one, then trained further")
    #expect(kept([], last: 1) == [])
  }

  @Test(
    "a checkpoint is restored if the process dies while a new one replaces it"
  )
  func replaced() throws {
    let training = try TinyTraining()
    let run = training.runFolder(1)
    try training.train(run: 1, TinyTraining.config { $0.checkpointEvery = 3 })
    let checkpoint = try run.checkpoint(step: 6)
    let hash = try checkpoint.verify()
    try FileManager.default.moveItem(
      at: checkpoint.url, to: run.url.appending(path: ".step-000006.old"))
    try FileManager.default.createDirectory(
      at: run.url.appending(path: ".step-000003.removed"), withIntermediateDirectories: true)
    #expect(try run.clearLeftovers().count == 2)
    #expect(try run.checkpoint(step: 6).verify() == hash)
    #expect(try run.clearLeftovers().isEmpty)
  }

  @Test("temporary files of dead processes are removed in all folders, other files stay")
  func temporaryFiles() throws {
    let training = try TinyTraining()
    let run = training.runFolder(1)
    // The third has this process's id, but is not its own: the id was used again.
    let left = [
      ".caches.json.\(CurrentProcess.host).4194305", "samples/.step-000006.png.elsewhere.7",
      "samples/step-000006/.prompt-1-seed-42.png.\(CurrentProcess.host).\(getpid())",
    ]
    let others = [
      ".lock", "samples/step-000003.png", "samples/step-000003/prompt-1-seed-42.png", ".notes.2",
      "history.jsonl",
    ]
    for path in left + others {
      let url = run.url.appending(path: path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("x".utf8).write(to: url)
    }
    let done = try run.clearLeftovers()
    #expect(
      done.count == 3 && done.allSatisfy { $0.contains("of a process that died was removed") })
    #expect(try training.files(below: run.url) == others.sorted())
  }

  @Test("a wrong byte anywhere in a checkpoint is detected")
  func everyByte() throws {
    let training = try TinyTraining()
    try training.train(run: 1)
    let checkpoint = try training.runFolder(1).checkpoint(step: 6)
    let hash = try checkpoint.verify()
    let names = [
      "adapter.safetensors", "optimizer.safetensors", "state.json", "manifest.json",
    ]
    for (number, name) in names.enumerated() {
      let file = checkpoint.url.appending(path: name)
      let whole = try Data(contentsOf: file)
      for trial in 0..<100 {
        let draw = CounterRandom.value(
          seed: 5, step: trial, sample: number, purpose: .noise)
        var data = whole
        data[Int(draw % UInt64(whole.count))] ^= UInt8(1 << (draw >> 61))
        try data.write(to: file)
        #expect(throws: CheckpointError.self) { try checkpoint.verify() }
      }
      for length in [0, 1, whole.count / 2, whole.count - 1] {
        try whole.prefix(length).write(to: file)
        #expect(throws: CheckpointError.self) { try checkpoint.verify() }
      }
      try whole.write(to: file)
    }
    #expect(try checkpoint.verify() == hash)
  }

  @Test("a checkpoint has the values at its copy, whatever training changes meanwhile")
  func snapshot() throws {
    let tensor = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    let snapshot = SafetensorsSnapshot()
    #expect(snapshot.size == 0)
    try snapshot.take([("a", tensor)], metadata: ["k": "v"])
    let folder = try TinyTraining().folder
    let (one, two) = (folder.url.appending(path: "one"), folder.url.appending(path: "two"))
    try SafetensorsWriter.write([("a", tensor)], metadata: ["k": "v"], to: one)
    try tensor.copy(from: Tensor([9, 9, 9, 9] as [Float], shape: [2, 2]))
    try snapshot.write(to: two)
    #expect(try Data(contentsOf: one) == Data(contentsOf: two))
    try snapshot.take([("a", tensor)])
    try snapshot.write(to: two)
    #expect(try SafetensorsFile(contentsOf: two).tensor("a").floats() == [9, 9, 9, 9])
  }

  /// SDXL's UNet has 140 attention blocks with eight adapted layers each; rank 16 makes 23 million
  /// values, and AdamW keeps two more for each.
  @Test(
    "time that the training waits for a checkpoint of SDXL at rank 16",
    .enabled(if: ProcessInfo.processInfo.environment["LORA_TRAIN_BENCH"] != nil))
  func stall() throws {
    var tensors: [(name: String, tensor: Tensor)] = []
    for layer in 0..<560 {
      let width = layer < 80 ? 640 : 1280
      for part in ["down", "up", "avg.down", "avg.up", "sq.down", "sq.up"] {
        tensors.append(("\(layer).\(part)", try .ones([16, width + (layer % 4 == 1 ? 384 : 0)])))
      }
    }
    var (times, processor): ([Double], [Double]) = ([], [])
    let snapshot = SafetensorsSnapshot()
    try snapshot.take(tensors)
    let size = snapshot.size
    for _ in 0..<9 {
      let (start, before) = (ContinuousClock.now, threadTime())
      try snapshot.take(tensors)
      times.append((ContinuousClock.now - start) / .milliseconds(1))
      processor.append(threadTime() - before)
    }
    print(
      "stall: \(size >> 20) MiB copied in \(times.map { Int($0) }) ms, of which the thread computed "
        + "\(processor.map { Int($0) }) ms")
    // Other processes on the machine do not count.
    #expect(processor.sorted()[4] < 150)
  }

  /// Processor time of this thread, in milliseconds.
  private func threadTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }

  @Test("a checkpoint newer than the last saved step is damaged, and ignored")
  func damagedNewer() throws {
    let folder = try TemporaryDirectory()
    let run = RunFolder(root: folder.url, subject: "dog", id: 1)
    for step in [700, 800, 900] {
      try FileManager.default.createDirectory(
        at: run.url.appending(path: RunFolder.stepName(step)),
        withIntermediateDirectories: true)
    }
    var config = TrainingConfig()
    config.keepLast = 1
    #expect(try run.retain(Retention(config), through: 800, validation: []) == [700])
    #expect(run.checkpoints.map(\.step) == [900, 800])
    #expect(try run.retain(Retention(config), through: 900, validation: []) == [800])
  }
}
