import Drawing
import Foundation
import Options
import TestSupport
import Testing

/// The pictures of a campaign template.
@Suite struct CampaignPictureTests {
  private let directory: TemporaryDirectory
  private var folder: URL { directory.url }

  init() throws { directory = try TemporaryDirectory() }

  private func template(_ yaml: String) throws -> CampaignTemplate {
    let file = folder.appending(path: "campaign.yaml")
    try yaml.write(to: file, atomically: true, encoding: .utf8)
    return try CampaignTemplate(contentsOf: file)
  }

  private static let yaml = """
    prompt: a {thing}
    negative: no {thing}
    thing:
    - dog
    - text: cat
      guidance_rescale: 0.7
      long_prompts: true
      steps: 3
    seeds: [4, 5]
    strengths: [0.5, 1]
    steps: 2
    crop: 1,2
    """

  private func adapters() -> DrawingRequest {
    var flags = DrawingRequest()
    flags.set(\.$loras, to: [AdapterChoice(path: "a", strength: 1)])
    return flags
  }

  @Test("Every option of a picture can be set in a template and for a single entry")
  func options() throws {
    let campaign = try Campaign(template(Self.yaml), flags: adapters())
    #expect(campaign.pictures.count == 8)
    let dog = campaign.rows[0].pictures[0].request
    #expect(dog.options.steps == 2 && dog.options.negative == "no dog")
    #expect(dog.options.crop == CropOffset(top: 1, left: 2) && !dog.gives(\.$guidanceRescale))
    let cat = campaign.rows[1].pictures[3]
    #expect((cat.file, cat.seed, cat.strength) == ("cat_strength-1.0_seed-5.png", 5, 1))
    #expect(cat.request.options.guidanceRescale == 0.7 && cat.request.options.longPrompts)
    #expect(cat.request.options.steps == 3 && cat.request.options.negative == "no cat")
  }

  @Test("Seeds and strength given as flags replace those of the template")
  func flags() throws {
    var flags = adapters()
    flags.set(\.$seed, to: 9)
    flags.set(\.$strength, to: 0.25)
    let pictures = try Campaign(template(Self.yaml), flags: flags).pictures
    #expect(pictures.map(\.file) == ["dog_seed-9.png", "cat_seed-9.png"])
    #expect(pictures.allSatisfy { $0.strength == 1 })
  }

  @Test("Options of the whole campaign and sides that cannot be drawn are refused with their line")
  func refused() throws {
    for (line, sentence) in [
      ("device: cpu", "campaign.yaml line 2: there is no option \"device\""),
      ("width: 60", "campaign.yaml line 2: width is 60, but must be a positive multiple of 8."),
      ("crop: 3", "campaign.yaml line 2: crop is \"3\", but must be rows at the top"),
    ] {
      let error = #expect(throws: (any Error).self) { try template("prompt: a\n\(line)") }
      let text = "\(try #require(error))".replacing(folder.path + "/", with: "")
      #expect(text.contains(sentence), "\(text)")
    }
  }
}
