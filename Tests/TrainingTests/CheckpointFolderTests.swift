import Adapters
import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Drawing
@testable import Files
@testable import Training

@Suite("Checkpoint folders")
struct CheckpointFolderTests {
  private let training: TinyTraining
  private var run: RunFolder { training.runFolder(1) }

  /// A run with checkpoints at steps 2, 4 and 6.
  init() throws {
    training = try TinyTraining()
    try training.train(run: 1, TinyTraining.config { $0.checkpointEvery = 2 })
  }

  @Test("the manifest has the hash of every other file")
  func manifest() throws {
    struct Manifest: Decodable { let files: [String: String] }
    let checkpoint = try run.checkpoint(step: 4)
    let manifest = try JSONDecoder().decode(
      Manifest.self, from: Data(contentsOf: checkpoint.url.appending(path: "manifest.json")))
    let files = try training.files(below: checkpoint.url)
    #expect(manifest.files.keys.sorted() == files.filter { $0 != "manifest.json" })
    for (file, hash) in manifest.files {
      #expect(try ContentHash.of(fileAt: checkpoint.url.appending(path: file)) == hash)
    }
    #expect(try checkpoint.verify() == manifest.files["adapter.safetensors"])
  }

  @Test(
    "a damaged file is found, and the previous checkpoint is used",
    arguments: ["adapter.safetensors", "optimizer.safetensors", "state.json"])
  func damagedFile(file: String) throws {
    try damageLastByte(of: run.checkpoint(step: 6).url.appending(path: file))
    let (newest, problems) = run.newestCheckpoint()
    #expect(newest?.step == 4)
    #expect(problems.count == 1)
    let start = "The checkpoint \(run.url.relativePath)/step-000006 is damaged: "
    #expect(problems.first == start + "the hash of \(file) is wrong; use an earlier one.")
    #expect(sentence { _ = try run.checkpoint(step: 6) } == problems.first)
  }

  @Test("missing files are found, also a missing manifest")
  func missing() throws {
    for (step, file) in [(6, "manifest.json"), (4, "optimizer.safetensors")] {
      try FileManager.default.removeItem(at: run.checkpoint(step: step).url.appending(path: file))
    }
    let (newest, problems) = run.newestCheckpoint()
    #expect(newest?.step == 2)
    #expect(problems.count == 2)
    #expect(problems.first?.contains("its manifest.json is missing or unreadable") == true)
    #expect(problems.last?.contains("optimizer.safetensors is missing or unreadable") == true)
  }

  @Test("a checkpoint under the name of another step is damaged, and the previous one is used")
  func renamed() throws {
    let other = run.url.appending(path: "step-000008")
    try FileManager.default.moveItem(at: run.checkpoint(step: 6).url, to: other)
    let expected =
      "The checkpoint \(other.relativePath) is damaged: its state.json is of step 6, so its name must be "
      + "step-000006; use an earlier one."
    let (newest, problems) = run.newestCheckpoint()
    #expect(newest?.step == 4)
    #expect(problems == [expected])
    let renamed = try #require(run.checkpoints.first)
    #expect(renamed.step == 8)
    #expect(sentence { _ = try renamed.verify() } == expected)
    #expect(sentence { _ = try renamed.verifyState() } == expected)
  }

  @Test("an unfinished checkpoint does not count, and the next one replaces it")
  func halfWritten() throws {
    let whole = try run.checkpoint(step: 6).verify()
    let temporary = run.url.appending(path: ".step-000006.tmp")
    try FileManager.default.moveItem(at: run.checkpoint(step: 6).url, to: temporary)
    try Data("rest".utf8).write(to: temporary.appending(path: "rest"))
    let (newest, problems) = run.newestCheckpoint()
    #expect(newest?.step == 4)
    #expect(problems.isEmpty)
    try training.train(run: 1, from: newest)
    #expect(!FileManager.default.fileExists(atPath: temporary.path))
    let again = try run.checkpoint(step: 6)
    #expect(try again.verify() == whole)
    #expect(try training.files(below: again.url).count == 4)
  }

  @Test("a checkpoint that cannot be written leaves no folder")
  func failed() throws {
    let checkpoint = try run.checkpoint(step: 6)
    var state = try checkpoint.state()
    // JSON has no such number, so writing state.json fails after the tensors are written.
    state.config.optimization.learningRate = .nan
    let parts = [CheckpointPart("adapter.safetensors", tensors: { [("a", try .ones([2]))] })]
    let before = try training.files(below: run.url)
    #expect(throws: (any Error).self) {
      try CheckpointFolder.write(CheckpointContents(state, parts: parts), in: run.url)
    }
    #expect(try training.files(below: run.url) == before)
    #expect(try checkpoint.verify() == run.checkpoint(step: 6).verify())
  }

  @Test("the optimizer's tensors have the same names as in earlier versions")
  func optimizerNames() throws {
    let checkpoint = try run.checkpoint(step: 6)
    let layers = AdaptableLayers(try ModelDirectory(training.model))
    let adapter = try AdapterFile(contentsOf: checkpoint.adapter).adapters(for: layers)
    let optimizer = try SafetensorsFile(
      contentsOf: checkpoint.url.appending(path: "optimizer.safetensors"))
    let expected = adapter.keys.flatMap { layer in
      ["lora_A", "lora_B"].flatMap { matrix in
        ["exp_avg", "exp_avg_sq", "step"].map { "\(layer.path).\(matrix).weight.\($0)" }
      }
    }
    #expect(optimizer.names.sorted() == expected.sorted())
    #expect(
      optimizer.names.contains(
        "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight.exp_avg"))
  }

  @Test("a damaged checkpoint is replaced when its step is trained again")
  func replaced() throws {
    let whole = try run.checkpoint(step: 6).verify()
    try damageLastByte(of: run.checkpoint(step: 6).adapter)
    try training.train(run: 1, from: run.newestCheckpoint().checkpoint)
    #expect(try run.checkpoint(step: 6).verify() == whole)
  }

  @Test("state.json is read as it was written; another format or malformed JSON is an error")
  func state() throws {
    let checkpoint = try run.checkpoint(step: 4)
    let state = try checkpoint.state()
    #expect((state.run, state.step) == (1, 4))
    #expect(try run.history(of: state).steps.map(\.step) == Array(1...4))
    #expect(try state.loss == run.history(of: state).steps.last?.loss)
    #expect(
      state.config
        == TinyTraining.config { config in
          config.checkpointEvery = 2
          config.precision = .fp32
          config.validationImages = 0
          config.gradientCheckpointing = false
          config.samplePrompts = ["a photo of dog"]
        })
    #expect(try state.identity == training.setup().identity)

    let file = checkpoint.url.appending(path: "state.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    let older = text.replacing("\"min_snr_gamma\":5,", with: "")
    #expect(older != text)
    try older.write(to: file, atomically: true, encoding: .utf8)
    #expect(try checkpoint.state() == state, "an option that came later has its default")
    try text.replacing("\"format\":2", with: "\"format\":99").write(
      to: file, atomically: true, encoding: .utf8)
    #expect(sentence { _ = try checkpoint.state() }.contains("has format 99, which this version"))
    try Data("{}".utf8).write(to: file)
    #expect(sentence { _ = try checkpoint.state() }.contains("its state.json cannot be read"))
  }

  @Test("the error for a missing step lists the existing steps")
  func noSuchStep() {
    #expect(
      sentence { _ = try run.checkpoint(step: 5) }
        == "\(run.url.relativePath) has no checkpoint of step 5; choose one of 2, 4, 6.")
    let empty = training.runFolder(9)
    #expect(
      sentence { _ = try empty.checkpoint(step: nil) }
        == "\(empty.url.relativePath) has no checkpoint yet; train it further.")
  }
}

@Suite("Folder names")
struct FolderNameTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func makeFolders(_ paths: [String]) throws {
    for path in paths {
      try FileManager.default.createDirectory(
        at: folder.url.appending(path: path), withIntermediateDirectories: true)
    }
  }

  @Test("only folders with a checkpoint's name are checkpoints, the newest first")
  func otherNames() throws {
    try makeFolders([
      "step-000002", "step-1234567", "step-000040", "step-7", "step-0000007", "step-+00007",
      "step--00007", "step-000007.tmp", ".step-000007.tmp", "step-", "samples",
    ])
    #expect(RunFolder(folder.url).checkpoints.map(\.step) == [1_234_567, 40, 2])
  }

  @Test("step numbers have six digits, or more if needed")
  func stepNames() {
    #expect(RunFolder.stepName(0) == "step-000000")
    #expect(RunFolder.stepName(500) == "step-000500")
    #expect(RunFolder.stepName(1_234_567) == "step-1234567")
  }

  @Test("runs are found in their subjects' folders, and the highest number is that of all subjects")
  func runs() throws {
    try makeFolders([
      "dog/run-1", "cat/run-12", "cat/run-x", "cat/run-7", "base/tiny", "dog/run-12.old",
      "dog/run-+15", "dog/run--15", "dog/run-015", "dog/run-0", "dog/run-", "dog/run-2147483648",
      "dog/run-9223372036854775807", "dog/run-99999999999999999999",
    ])
    #expect(RunFolder.highestID(below: folder.url) == 12)
    #expect(RunFolder.all(below: folder.url).map(\.id) == [1, 7, 12])
    #expect(RunFolder.highestID(below: folder.url.appending(path: "nothing")) == 0)
  }
}

@Suite("Run lock")
struct RunLockTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  @Test("a second lock of a run is an error that names the holder, until the first is released")
  func busy() throws {
    let run = RunFolder(root: folder.url, subject: "dog", id: 4)
    let other = try RunLock(RunFolder(root: folder.url, subject: "dog", id: 5))
    do {
      let lock = try RunLock(run)
      let message = sentence { _ = try RunLock(run) }
      #expect(message.hasPrefix("\(run.url.relativePath) is being trained by process \(getpid()) "))
      #expect(message.hasSuffix("; wait for it, or stop it first."))
      withExtendedLifetime(lock) {}
    }
    _ = try RunLock(run)
    withExtendedLifetime(other) {}
  }

  @Test("querying a lock changes nothing and does not block taking it")
  func asking() throws {
    let run = RunFolder(root: folder.url, subject: "dog", id: 4)
    #expect(try !RunLock.isHeld(run))
    #expect(!FileManager.default.fileExists(atPath: run.url.path))
    do {
      let lock = try RunLock(run)
      let file = run.url.appending(path: ".lock")
      let holder = try Data(contentsOf: file)
      #expect(try RunLock.isHeld(run))
      #expect(try Data(contentsOf: file) == holder && !holder.isEmpty)
      withExtendedLifetime(lock) {}
    }
    #expect(try !RunLock.isHeld(run))
  }

  @Test("the error for a folder that cannot be written names it")
  func unwritable() throws {
    let file = folder.url.appending(path: "dog")
    try Data().write(to: file)
    let run = RunFolder(root: folder.url, subject: "dog", id: 1)
    let message = sentence { _ = try RunLock(run) }
    #expect(message.hasPrefix("\(run.url.relativePath) cannot be written (Not a directory); "))
  }
}
