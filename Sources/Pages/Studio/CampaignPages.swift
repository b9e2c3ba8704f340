/// The list of campaigns.
package struct CampaignsPage: StudioPage {
  package static let template = "campaigns"

  package struct Row: Sendable {
    let name: String
    /// The name as a part of an address.
    let address: String

    package init(name: String, address: String) {
      self.name = name
      self.address = address
    }
  }

  package let head = PageHead("Campaigns", section: .campaigns, scripts: ["campaigns.js"])
  let campaigns: [Row]
  let isEmpty: Bool

  package init(campaigns: [Row]) {
    self.campaigns = campaigns
    isEmpty = campaigns.isEmpty
  }
}

/// A campaign: its template as a form, and its pictures as a sheet.
package struct CampaignPage: StudioPage {
  package static let template = "campaign"

  /// A picture in the sheet.
  package struct Cell: Sendable {
    let file: String
    /// The address of the picture; nil: not drawn yet.
    let source: String?
    let label: String
    let isStarred: Bool

    package init(file: String, source: String?, label: String, isStarred: Bool) {
      self.file = file
      self.source = source
      self.label = label
      self.isStarred = isStarred
    }
  }

  /// The pictures of one combination of entries.
  package struct Row: Sendable {
    let label: String
    let cells: [Cell]

    package init(label: String, cells: [Cell]) {
      self.label = label
      self.cells = cells
    }
  }

  /// A placeholder with its entries, one a line.
  package struct List: Sendable {
    let name: String
    let entries: String

    package init(name: String, entries: String) {
      self.name = name
      self.entries = entries
    }
  }

  package let head: PageHead
  let name: String
  /// The name as a part of an address.
  let address: String
  let prompt: String
  let lists: [List]
  let seeds: String
  let strengths: String
  let checkpoints: [DrawPage.CheckpointGroup]
  let models: [FormField.Choice]
  let refiners: [FormField.Choice]
  let fields: [FormField]
  /// Why it cannot be drawn; nil: it can.
  let obstacle: String?
  /// `12 of 36 pictures are drawn.`
  let summary: String
  let columns: [String]
  let rows: [Row]

  package init(
    name: String, address: String, prompt: String, lists: [List], seeds: String, strengths: String,
    checkpoints: [DrawPage.CheckpointGroup], models: [FormField.Choice],
    refiners: [FormField.Choice], fields: [FormField], obstacle: String?, summary: String,
    columns: [String], rows: [Row]
  ) {
    head = PageHead("Campaign \(name)", section: .campaigns, scripts: ["campaign.js"])
    self.name = name
    self.address = address
    self.prompt = prompt
    self.lists = lists
    self.seeds = seeds
    self.strengths = strengths
    self.checkpoints = checkpoints
    self.models = models
    self.refiners = refiners
    self.fields = fields
    self.obstacle = obstacle
    self.summary = summary
    self.columns = columns
    self.rows = rows
  }
}
