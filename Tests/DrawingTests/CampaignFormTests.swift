import Drawing
import Foundation
import TestSupport
import Testing

/// A campaign's template as a form.
@Suite struct CampaignFormTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func form(_ yaml: String) throws -> CampaignForm {
    let file = directory.url.appending(path: "template.yaml")
    try Data(yaml.utf8).write(to: file)
    return try CampaignForm(contentsOf: file)
  }

  @Test("The example's form, written and read again, describes the same pictures")
  func example() throws {
    let file = Repository.root.appending(path: "Configs/campaign.yaml")
    let read = try CampaignForm(contentsOf: file)
    #expect(read.lists.map(\.name) == ["subject", "background", "place"])
    #expect(
      read.lists[2].entries == ["{text: \"\", name: middle}", "{text: \", left\", guidance: 4}"])
    #expect(read.strengths == ["0.6", "1"] && read.options == ["steps": "20", "guidance": "3"])
    let copy = directory.url.appending(path: "copy.yaml")
    try read.write(to: copy)
    #expect(try CampaignForm(contentsOf: copy) == read)
    let flags = DrawingRequest()
    var both: [[String]] = []
    for url in [file, copy] {
      let form = try CampaignForm(contentsOf: url)
      var plain = form
      plain.strengths = []
      let template = directory.url.appending(path: "plain.yaml")
      try plain.write(to: template)
      let campaign = try Campaign(CampaignTemplate(contentsOf: template), flags: flags)
      both.append(campaign.pictures.map { "\($0.file) \($0.prompt)" })
    }
    #expect(both[0] == both[1] && both[0].count == 18)
  }

  @Test("Entries keep their texts, whatever they contain")
  func entries() throws {
    let texts = [
      "", " x ", "a: b", "- c", "#d", "{e}", "\"f\"", "it's", "null", "7", "a\nb", "ü, ×",
    ]
    var form = CampaignForm(prompt: "a {thing}")
    form.lists = [CampaignForm.List(name: "thing", entries: texts.map { "{text: \(quoted($0))}" })]
    let file = directory.url.appending(path: "texts.yaml")
    try form.write(to: file)
    for _ in 0..<2 {
      let read = try CampaignForm(contentsOf: file)
      try read.write(to: file)
      let campaign = try Campaign(
        CampaignTemplate(contentsOf: file), flags: DrawingRequest())
      #expect(campaign.pictures.map { $0.values["thing"] } == texts)
    }
  }

  @Test("A form that cannot be drawn leaves the file as it was")
  func refused() throws {
    let file = directory.url.appending(path: "template.yaml")
    let before = "prompt: a ball\nseeds: [1]\n"
    var form = try form(before)
    form.prompt = "a {color} ball"
    let error = try #require(throws: CampaignError.self) { try form.write(to: file) }
    #expect("\(error)".hasPrefix("\(file.relativePath) line 1: the prompt names {color}"))
    form.lists = [CampaignForm.List(name: "color", entries: [])]
    #expect(throws: CampaignError.noEntry("color")) { try form.write(to: file) }
    #expect(try String(contentsOf: file, encoding: .utf8) == before)
  }

  /// A text in JSON, which YAML reads too.
  private func quoted(_ text: String) -> String {
    String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)
  }
}
