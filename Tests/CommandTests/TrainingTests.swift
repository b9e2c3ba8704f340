import Foundation
import Images
import Testing

extension CommandTests {
  /// A training from start to end, and its output, files and records.
  @Suite struct TrainingTests {
    /// One training for all tests of the suite.
    private struct Trained: Sendable {
      let code: Int32
      let results: String
      let messages: String
      let files: [String]
      let show: String
      let runs: String
      let grid: Data
    }

    private static let trained = Result { () throws -> Trained in
      let workspace = try Workspace()
      let outcome = try workspace.launch(
        Workspace.training(
          steps: 5, "--checkpoint-every", "2", "--sample-every", "4", "--sample-prompt",
          "a cube", "--sample-prompt", "a ball", "--sample-steps", "2"))
      return Trained(
        code: outcome.code, results: outcome.results, messages: outcome.messages,
        files: try workspace.files(below: "Checkpoints"),
        show: try workspace.run("show", "latest", "--json").results,
        runs: try workspace.run("runs", "--json").results,
        grid: try Data(
          contentsOf: workspace.file("Checkpoints/cube/run-1/samples/step-000004.png")))
    }

    private let trained: Trained

    init() throws { trained = try Self.trained.get() }

    @Test("The exit code is 0, and standard output contains only the adapter's path")
    func streams() {
      #expect(trained.code == 0, "\(trained.messages)")
      #expect(trained.results == "Checkpoints/cube/run-1/step-000005/adapter.safetensors\n")
    }

    @Test("Without a terminal, progress is plain lines without control characters")
    func plainProgress() {
      let controls = trained.messages.unicodeScalars.filter { $0.value < 0x20 && $0 != "\n" }
      #expect(controls.isEmpty)
      #expect(trained.messages.contains("Run 1: 3 images of cube, 5 steps at 64 px on cpu"))
      #expect(trained.messages.contains("step 5/5  loss "))
    }

    @Test("The files are those that the contract lists, and no others")
    func files() {
      let checkpoint = [
        "adapter.safetensors", "manifest.json", "optimizer.safetensors", "state.json",
      ]
      let pictures = [
        "prompt-1-seed-42", "prompt-1-seed-43", "prompt-2-seed-42", "prompt-2-seed-43",
      ]
      let expected =
        [2, 4, 5].flatMap { step in checkpoint.map { "cube/run-1/step-00000\(step)/\($0)" } }
        + [0, 4, 5].flatMap { step in
          ["cube/run-1/samples/step-00000\(step).png"]
            + pictures.map { "cube/run-1/samples/step-00000\(step)/\($0).png" }
        } + [
          "cube/run-1/.lock", "cube/run-1/caches.json", "cube/run-1/history.jsonl", "runs.sqlite",
        ]
      #expect(trained.files.filter { !$0.hasPrefix("cache/") } == expected.sorted())
      #expect(trained.files.contains { $0.hasPrefix("cache/") })
    }

    @Test("show --json has every field that other programs rely on, with its type")
    func show() throws {
      let run = try JSONDecoder().decode(RunReport.self, from: Data(trained.show.utf8))
      #expect(run.id == 1)
      #expect(run.subject == "cube")
      #expect(run.status == "finished")
      #expect((run.step, run.steps) == (5, 5))
      #expect(run.path == "Checkpoints/cube/run-1")
      #expect(run.loss == run.losses.last?.loss)
      #expect(run.losses.map(\.step) == [1, 2, 3, 4, 5])
      #expect(run.losses.allSatisfy { $0.loss > 0 && $0.grad_norm > 0 && $0.seconds > 0 })
      let seconds = run.losses.map(\.seconds).dropFirst(2).sorted()
      #expect(run.seconds_per_step == seconds[1])
      #expect(try #require(run.peak_memory_bytes) > 50_000_000)
      #expect(try Date(run.started_at, strategy: .iso8601).timeIntervalSinceNow < 0)
      #expect((run.config.rank, run.config.resolution) == (4, 64))
      #expect(run.config.sample_prompts == ["a cube", "a ball"])
      #expect(run.checkpoints.map(\.step) == [2, 4, 5])
      #expect(run.checkpoints.allSatisfy { $0.sha256.count == 64 })
      #expect(run.checkpoints.last?.path == "Checkpoints/cube/run-1/step-000005")
      #expect(run.samples.map(\.step) == [0, 4, 5])
      #expect(run.samples.last?.path == "Checkpoints/cube/run-1/samples/step-000005.png")
    }

    @Test("runs --json is an array with the same run")
    func runs() throws {
      let runs = try objects(trained.runs, as: [[String: Any]].self)
      let run = try objects(trained.show, as: [String: Any].self)
      #expect(runs.count == 1)
      let contract = [
        "id", "subject", "status", "step", "steps", "loss", "seconds_per_step",
        "peak_memory_bytes", "path", "started_at",
      ]
      for key in contract {
        let value = try #require(runs[0][key] as? NSObject, "\(key) is missing")
        #expect(value == run[key] as? NSObject, "\(key) differs")
      }
    }

    @Test("The grid has two prompts by two seeds, and lists them in its text")
    func grid() throws {
      let header = try ImageDecoder.header(trained.grid)
      #expect(header.orientedSize.width >= 128 && header.orientedSize.height >= 128)
      let text = try PNGText.read(trained.grid).map(\.value)
      #expect(text == ["rows: a cube | a ball\ncolumns: seeds 42, 43"])
    }

    private func objects<Value>(_ json: String, as type: Value.Type) throws -> Value {
      try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? Value)
    }
  }
}
