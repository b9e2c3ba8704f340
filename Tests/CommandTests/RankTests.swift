import Files
import Foundation
import NN
import TestSupport
import Testing
import Torch

extension CommandTests {
  /// Trainings by several ranks: the same as by one process, within rounding.
  @Suite struct RankTests {
    /// A way to train, with options of its own.
    struct Method: CustomTestStringConvertible, Sendable {
      let name: String
      let options: [String: String]
      var hasClassImages = false

      var testDescription: String { name }

      /// Three images in batches of four, so that one of four ranks has none.
      static let all = [
        Method(
          name: "accumulation, validation, samples, average",
          options: [
            "gradient_accumulation": "2", "validate_every": "2", "sample_every": "2",
            "sample_steps": "1", "sample_seeds": "[42, 43, 44]", "ema": "0.9", "evaluate": "ema",
            "min_snr_gamma": "5",
          ]),
        Method(
          name: "class images, of another number than the batch",
          options: [
            "prior_images": "3", "prior_batch_size": "2", "prior_steps": "1",
            "class_prompts": "[a photo of a box]", "optimizer": "prodigy", "learning_rate": "1",
          ]),
        Method(
          name: "text encoders and a new word",
          options: [
            "train_text_encoders": "both", "embedding_tokens": "2",
          ]),
        Method(
          name: "the base model's prediction, convolutions of LoHa",
          options: ["preservation": "output", "adapter": "loha", "targets": "full"]),
      ]
    }

    private static func workspace(_ method: Method) throws -> Workspace {
      let workspace = try Workspace()
      try FaultTests.fill(
        workspace,
        [
          "prior_images": "0", "class_prompts": "[]", "ema": "null", "evaluate": "adapter",
          "validate_every": "0", "sample_every": "0", "checkpoint_every": "0", "keep_last": "null",
        ].merging(method.options) { $1 })
      return workspace
    }

    private static let command = Workspace.training(
      steps: 4, "--config", "config.yaml", "--batch-size", "4"
    ).filter { $0 != "--sample-every" && $0 != "0" }

    private static let checkpoint = "Checkpoints/cube/run-1/step-000004"

    private static func tensors(_ workspace: Workspace) throws -> [String: [Double]] {
      let file = try SafetensorsFile(
        contentsOf: workspace.file("\(checkpoint)/adapter.safetensors"))
      return Dictionary(
        uniqueKeysWithValues: try file.names.map { ($0, try file.tensor($0).doubles()) })
    }

    @Test(
      "1, 2 and 4 ranks train as one process does, twice with the same bytes", arguments: Method.all
    )
    func sameResult(method: Method) throws {
      let alone = try Self.workspace(method)
      let outcome = try Program.run(Self.command, in: alone.url)
      #expect(outcome.code == 0, "\(outcome.messages)")
      let expected = try Self.tensors(alone)
      let losses = try alone.show().losses
      for size in [1, 2, 4] {
        let place = try Self.workspace(method)
        let outcomes = try RankedProgram(size, Self.command, in: [place.url]).wait()
        #expect(
          outcomes.map(\.code) == outcomes.map { _ in 0 },
          "\(size): \(outcomes.map(\.messages).joined(separator: "\n"))")
        #expect(outcomes.dropFirst().allSatisfy { $0.results.isEmpty && $0.messages.isEmpty })
        let report = try place.show()
        for (own, other) in zip(report.losses, losses) {
          #expect(abs(own.loss - other.loss) < 1e-5 * abs(other.loss), "\(size) ranks")
          #expect(abs(own.grad_norm - other.grad_norm) < 1e-4 * other.grad_norm)
        }
        let found = try Self.tensors(place)
        #expect(found.keys.sorted() == expected.keys.sorted())
        for (name, values) in expected {
          let largest = values.map(abs).max() ?? 0
          let difference = zip(values, found[name] ?? []).map { abs($0 - $1) }.max() ?? .infinity
          #expect(difference < 1e-5 * max(largest, 1), "\(size) ranks: \(name)")
        }
        #expect(report.validation.count == (try alone.show().validation.count))
        if size == 1 {
          #expect(try Self.hash(place) == Self.hash(alone))
        } else {
          let again = try Self.workspace(method)
          _ = try RankedProgram(size, Self.command, in: [again.url]).wait()
          #expect(try Self.hash(again) == Self.hash(place), "\(size) ranks twice")
        }
      }
    }

    private static func hash(_ workspace: Workspace) throws -> String {
      try ContentHash.of(fileAt: workspace.file("\(checkpoint)/adapter.safetensors"))
    }

    @Test(
      "Ranks need no folder in common; rank 0 alone writes runs, and the run says who trained it")
    func ownFolders() throws {
      let method = Method.all[1]
      let places = try (0..<2).map { _ in try Self.workspace(method) }
      let outcomes = try RankedProgram(2, Self.command, in: places.map(\.url)).wait()
      #expect(outcomes.map(\.code) == [0, 0], "\(outcomes.map(\.messages))")
      let shared = try Self.workspace(method)
      _ = try RankedProgram(2, Self.command, in: [shared.url]).wait()
      #expect(try Self.hash(places[0]) == Self.hash(shared))
      let written = try places[1].files(below: "Checkpoints")
      #expect(written.allSatisfy { $0.hasPrefix("cache/") }, "\(written)")
      #expect(try shared.run("show", "1").results.contains("2 on \(CurrentProcess.host)"))
      let json = try shared.run("show", "1", "--json").results
      #expect(json.contains("\"world_size\" : 2"))
      #expect(json.contains("\"\(CurrentProcess.host)\""))
      let state = try String(
        contentsOf: shared.file("\(Self.checkpoint)/state.json"), encoding: .utf8)
      #expect(state.contains("\"ranks\":{\"hosts\":[\"\(CurrentProcess.host)\"],\"size\":2}"))
      // Both runs draw and encode everything once.
      let entries = try shared.files(below: "Checkpoints/cache").filter {
        $0.hasSuffix(".safetensors") || $0.hasSuffix(".png")
      }
      #expect(entries.count == Set(entries).count && !entries.isEmpty)
    }

    @Test("Another number of ranks is refused, or continues if it is allowed, and is recorded")
    func otherSize() throws {
      let place = try Self.workspace(Method.all[0])
      let first = try RankedProgram(2, Self.command + ["--steps", "2"], in: [place.url]).wait()
      #expect(first.map(\.code) == [0, 0], "\(first.map(\.messages))")
      let refused = try place.run(Self.command)
      #expect(refused.code == 0, "a finished run is not extended, and a new one starts")
      let extended = ["resume", "1", "--steps", "4"]
      let alone = try place.run(extended)
      #expect(alone.code == 65 || alone.code == 64)
      #expect(alone.lastMessage.contains("world_size: 2 -> 1"), "\(alone.messages)")
      let three = try RankedProgram(
        3, extended + ["--allow-change", "world_size"], in: [place.url]
      ).wait()
      #expect(three.map(\.code) == [0, 0, 0], "\(three.map(\.messages))")
      let json = try place.run("show", "1", "--json").results
      #expect(json.contains("world_size: 2 -> 3"))
      #expect(json.contains("\"world_size\" : 3"))
    }

    @Test("Differences between ranks are named before the first step")
    func differences() throws {
      func expectRefusal(_ text: String, _ change: (Workspace) throws -> Void) throws {
        let places = try (0..<2).map { _ in try Self.workspace(Method.all[0]) }
        try change(places[1])
        let outcomes = try RankedProgram(2, Self.command, in: places.map(\.url)).wait()
        for outcome in outcomes {
          #expect(outcome.code == 64, "\(outcome.messages)")
          #expect(outcome.lastMessage.contains("Rank 1 ("), "\(outcome.messages)")
          #expect(outcome.lastMessage.contains(text), "\(outcome.messages)")
        }
        #expect(
          try places[0].run("runs", "--json").results.contains("id") == false, "no run is left")
      }
      try expectRefusal("learning_rate: 0.002 instead of") {
        let config = try String(contentsOf: $0.file("config.yaml"), encoding: .utf8)
        try $0.write(config + "learning_rate: 2e-3\n", to: "config.yaml")
      }
      try expectRefusal("caption of 1.png") {
        try $0.write("a photo of sks-cube in the rain", to: "Datasets/cube/1.txt")
      }
      try expectRefusal("2.png") { try $0.write($0.image(5), to: "Datasets/cube/2.png") }
    }

    @Test("Bad launches end with a sentence")
    func badLaunches() throws {
      let place = try Self.workspace(Method.all[0])
      func expect(
        _ code: Int32, _ sentence: String, _ environment: [String: String], _ more: [String] = []
      ) throws {
        let outcome = try Program.run(
          Self.command + ["--start-timeout", "2"] + more, in: place.url, environment: environment)
        #expect(outcome.code == code, "\(outcome.messages)")
        #expect(outcome.lastMessage.contains(sentence), "\(outcome.messages)")
        #expect(!outcome.messages.contains("c10d"), "\(outcome.messages)")
      }
      let port = try freePort()
      let variables = RankedProgram.variables(0, 2, port)
      try expect(
        64, "but not MASTER_ADDR, MASTER_PORT; set all four", ["RANK": "0", "WORLD_SIZE": "2"])
      try expect(
        64, "with a world size of 2 the ranks are 0 to 1", variables.merging(["RANK": "2"]) { $1 })
      try expect(69, "Rank 1 of 2 did not come within 2 s", variables)
      try expect(
        69, "was not reached at 127.0.0.1, port \(port), within 2 s",
        variables.merging(["RANK": "1"]) { $1 })
      try expect(
        69, "was not reached at no-such-host.invalid",
        variables.merging(["RANK": "1", "MASTER_ADDR": "no-such-host.invalid"]) { $1 })
      let taken = try ListeningSocket()
      try expect(
        69, "Rank 0 cannot listen on port \(taken.port)", RankedProgram.variables(0, 2, taken.port))
      try expect(64, "--rank-timeout is 1, but must be", variables, ["--rank-timeout", "1"])
      let small = try RankedProgram(
        2, Self.command + ["--batch-size", "1"], in: [place.url]
      ).wait()
      for outcome in small { #expect(outcome.code == 64, "\(outcome.messages)") }
      #expect(small[0].lastMessage.contains("must be at least 2"), "\(small[0].messages)")
    }
  }
}
