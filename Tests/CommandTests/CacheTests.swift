import Foundation
import Images
import Testing

extension CommandTests {
  @Suite struct CacheTests {
    private struct Listing: Decodable {
      struct Kind: Decodable {
        let kind: String
        let entries: Int
        let bytes: Int
        let used: Int?
      }

      struct Run: Decodable {
        let run: Int
        let folder: String
        let entries: Int?
        let missing: Int?
      }

      let kinds: [Kind]
      let runs: [Run]
      let leftovers: Int

      /// The number of entries of each kind, and of those that runs use.
      var counts: [String: [Int?]] {
        Dictionary(uniqueKeysWithValues: kinds.map { ($0.kind, [$0.entries, $0.used]) })
      }
    }

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func list() throws -> Listing {
      let outcome = try workspace.run("cache", "--json")
      #expect(outcome.code == 0, "\(outcome.messages)")
      return try JSONDecoder().decode(Listing.self, from: Data(outcome.results.utf8))
    }

    private func entries(_ kind: String) throws -> [String] {
      try workspace.files(below: "Checkpoints/cache/\(kind)").map {
        "Checkpoints/cache/\(kind)/\($0)"
      }
    }

    @Test("Without caches, nothing is listed, checked or created")
    func nothing() throws {
      #expect(try list().counts["latents"] == [0, 0])
      #expect(try workspace.run("cache", "verify").results == "0 entries checked, 0 damaged.\n")
      #expect(try workspace.run("cache", "clear").results == "0 files, 0.00 MB, removed.\n")
      #expect(!FileManager.default.fileExists(atPath: workspace.file("Checkpoints").path))
    }

    @Test("Entries are listed by kind and run; clear removes those that no run uses")
    func clear() throws {
      _ = try workspace.run(Workspace.training(steps: 3))
      _ = try workspace.run(Workspace.training(steps: 3, "--resolution", "128", "--new"))
      let both = try list()
      #expect(both.counts["latents"] == [6, 6])
      #expect(both.counts["file-hashes.json"] == [1, nil])
      #expect(both.runs.map(\.run) == [1, 2])
      #expect(both.runs.map(\.folder) == ["Checkpoints/cube/run-1", "Checkpoints/cube/run-2"])
      #expect(both.runs.map(\.missing) == [0, 0])
      #expect(try workspace.run("cache", "clear").results == "0 files, 0.00 MB, removed.\n")

      try FileManager.default.removeItem(at: workspace.file("Checkpoints/cube/run-2"))
      #expect(try list().counts["latents"] == [6, 3])
      let dry = try workspace.run("cache", "clear", "--dry-run")
      #expect(dry.results.contains("3 files, "))
      #expect(dry.results.contains(" MB, would be removed.\n"))
      #expect(try entries("latents").count == 6)
      #expect(try workspace.run("cache", "clear").code == 0)
      #expect(try list().counts["latents"] == [3, 3])
      let again = try workspace.run(Workspace.training(steps: 3, "--new"))
      #expect(!again.messages.contains("latents"))

      #expect(try workspace.run("cache", "clear", "--all").code == 0)
      #expect(try workspace.files(below: "Checkpoints/cache") == [])
      #expect(try list().runs.first?.missing == both.runs.first?.entries)
      #expect(try workspace.run("cache").results.contains("Checkpoints/cube/run-1"))
    }

    @Test("A damaged entry is named, and the next run computes it again")
    func verify() throws {
      _ = try workspace.run(Workspace.training(steps: 3))
      let first = try workspace.show().losses
      #expect(try workspace.run("cache", "verify").code == 0)
      let path = try #require(try entries("latents").first)
      var data = try Data(contentsOf: workspace.file(path))
      data[data.count - 1] ^= 1
      try workspace.write(data, to: path)
      let outcome = try workspace.run("cache", "verify")
      #expect(outcome.code == 65)
      #expect(
        outcome.results.hasPrefix(
          "\(path) is damaged: its hash is wrong; it is computed again when it is "
            + "needed.\n"))
      #expect(outcome.results.hasSuffix(" entries checked, 1 damaged.\n"))
      let json = try workspace.run("cache", "verify", "--json")
      #expect(json.code == 65 && json.results.contains("\"problem\""))
      _ = try workspace.run(Workspace.training(steps: 3, "--new"))
      #expect(try workspace.show().losses.map(\.numbers) == first.map(\.numbers))
      #expect(try workspace.run("cache", "verify").code == 0)
    }

    @Test("While a run is being prepared, nothing is cleared")
    func busy() throws {
      let training = try Program.start(
        Workspace.training(
          steps: 1, "--prior-images", "50", "--class-prompt", "a photo of a cube"),
        in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-1/.lock"))
      let outcome = try workspace.run("cache", "clear")
      training.send(SIGTERM)
      _ = try training.wait()
      #expect(outcome.code == 75)
      #expect(
        outcome.lastMessage == "lora-train: The caches cannot be cleared while "
          + "Checkpoints/cube/run-1 is being prepared; try again when it trains, or stop it.")
    }

    @Test("Preparation takes no more memory for more images")
    func memory() throws {
      let row = (0..<3000).map { UInt8(truncatingIfNeeded: $0 * $0) }
      let image = try PNGEncoder.encode(
        RGBImage(
          width: 1000, height: 1000, pixels: Array(repeating: row, count: 1000).flatMap { $0 }))
      func peak(_ count: Int) throws -> Int {
        for number in 0..<count {
          // Bytes after the image's end give each file its own entry.
          let data = image + Data("\(number)".utf8)
          try workspace.write(data, to: "Datasets/many-\(count)/\(number).png")
        }
        let outcome = try workspace.launch(
          Workspace.training(steps: 55, "--subject", "many-\(count)", "--threads", "1"))
        #expect(outcome.code == 0, "\(outcome.messages)")
        return try #require(try workspace.show().peak_memory_bytes)
      }
      let (few, many) = try (peak(5), peak(55))
      // The pixels alone of the 50 others take 150 MB.
      #expect(many - few < 50_000_000, "\(few) with 5 images, \(many) with 55")
    }
  }
}
