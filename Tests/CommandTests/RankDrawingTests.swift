import Files
import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Pictures that several ranks draw together: each once, the same as by one process.
  @Suite struct RankDrawingTests {
    private static let template = """
      prompt: "a photo of a cube, {setting}"
      setting: [on the moon, at sea, in a wood, on a table, at night]
      seeds: [1]
      steps: 2
      width: 64
      height: 64
      """
    private static let campaign = [
      "generate", "--model", Workspace.model, "--device", "cpu", "--prompts", "campaign.yaml",
      "--output", "out",
    ]

    private static func workspace() throws -> Workspace {
      let workspace = try Workspace()
      try workspace.write(template, to: "campaign.yaml")
      return workspace
    }

    private static func hashes(_ workspace: Workspace, below folder: String) throws -> [String:
      String]
    {
      let files = try workspace.files(below: folder)
      return Dictionary(
        uniqueKeysWithValues: try files.map {
          ($0, try ContentHash.of(fileAt: workspace.file("\(folder)/\($0)")))
        })
    }

    @Test(
      "A campaign by 1, 2 and 7 ranks has the same files, and no picture is drawn twice",
      arguments: [2, 7])
    func campaign(size: Int) throws {
      let alone = try Self.workspace()
      #expect(try Program.run(Self.campaign, in: alone.url).code == 0)
      let place = try Self.workspace()
      let outcomes = try RankedProgram(size, Self.campaign, in: [place.url]).wait()
      #expect(outcomes.map(\.code) == outcomes.map { _ in 0 }, "\(outcomes.map(\.messages))")
      #expect(try Self.hashes(place, below: "out") == Self.hashes(alone, below: "out"))
      let written = outcomes.flatMap { $0.results.split(separator: "\n") }
      #expect(written.count == Set(written).count && written.count >= 5, "\(written)")
    }

    @Test("A campaign that was stopped is continued by another number of ranks")
    func resumed() throws {
      let alone = try Self.workspace()
      #expect(try Program.run(Self.campaign, in: alone.url).code == 0)
      let place = try Self.workspace()
      let program = try RankedProgram(3, Self.campaign, in: [place.url])
      try program.ranks[0].wait("no picture was drawn") {
        try FileManager.default.fileExists(atPath: place.file("out").path)
          && !place.files(below: "out").isEmpty
      }
      program.ranks[1].send(SIGTERM)
      let codes = Set(try program.wait().map(\.code))
      #expect(codes.isSubset(of: [0, 130]) && codes.count == 1, "\(codes)")
      let outcomes = try RankedProgram(2, Self.campaign, in: [place.url]).wait()
      #expect(outcomes.map(\.code) == [0, 0], "\(outcomes.map(\.messages))")
      #expect(try Self.hashes(place, below: "out") == Self.hashes(alone, below: "out"))
    }

    @Test("A series is divided among ranks, too, and another template is named")
    func series() throws {
      let flags = [
        "generate", "--model", Workspace.model, "--device", "cpu", "--prompt", "a cube", "--steps",
        "1",
        "--width", "64", "--height", "64", "--seed", "5", "--count", "3", "--output", "pictures",
      ]
      let alone = try Self.workspace()
      #expect(try Program.run(flags, in: alone.url).code == 0)
      let place = try Self.workspace()
      let outcomes = try RankedProgram(2, flags, in: [place.url]).wait()
      #expect(outcomes.map(\.code) == [0, 0], "\(outcomes.map(\.messages))")
      #expect(try Self.hashes(place, below: "pictures") == Self.hashes(alone, below: "pictures"))

      let places = try (0..<2).map { _ in try Self.workspace() }
      try places[1].write(Self.template.replacing("at sea", with: "at home"), to: "campaign.yaml")
      let others = try RankedProgram(2, Self.campaign, in: places.map(\.url)).wait()
      for other in others {
        #expect(
          other.code == 64 && other.lastMessage.contains("differs from rank 0 (pictures: "),
          "\(other.messages)")
      }
    }

    @Test("A comparison by two ranks has the same sheet")
    func comparison() throws {
      let compare = [
        "compare", "1", "--prompt", "a cube", "--prompt", "a box", "--seed", "1", "--seed", "2",
        "--steps", "1", "--device", "cpu", "--output", "comparison",
      ]
      let training = Workspace.training(steps: 2)
      let alone = try Self.workspace()
      #expect(try alone.run(training).code == 0)
      #expect(try Program.run(compare, in: alone.url).code == 0)
      let place = try Self.workspace()
      #expect(try place.run(training).code == 0)
      let outcomes = try RankedProgram(2, compare, in: [place.url]).wait()
      #expect(outcomes.map(\.code) == [0, 0], "\(outcomes.map(\.messages))")
      #expect(
        try Self.hashes(place, below: "comparison")["sheet.png"]
          == Self.hashes(alone, below: "comparison")["sheet.png"])
      #expect(
        try place.files(below: "Checkpoints/cache/pictures")
          == alone.files(below: "Checkpoints/cache/pictures"))
    }

    @Test("doctor measures the exchange between ranks")
    func doctor() throws {
      let place = try Self.workspace()
      let outcomes = try RankedProgram(
        2, ["doctor", "--model", Workspace.model, "--json"], in: [place.url]
      ).wait()
      #expect(outcomes.map(\.code) == [0, 0], "\(outcomes.map(\.messages))")
      #expect(
        outcomes[0].results.contains("2 on \(CurrentProcess.host), with cpu; adding the gradients"))
      #expect(outcomes[1].results.isEmpty)
    }
  }
}
