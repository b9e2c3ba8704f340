/// Images in rows and columns with texts around them: lines above everything, above each column,
/// beside each row and below each image. Every sheet and grid of this package has this layout.
package struct ImageSheet: Sendable {
  /// Distances and widths in pixels.
  package struct Layout: Sendable {
    /// Width of a column.
    package var tileWidth: Int
    /// Width of the texts beside the rows; nil: no texts.
    package var labelWidth: Int?
    /// Between neighbours.
    package var gap: Int
    /// Around everything.
    package var margin: Int
    package var lineHeight: Int
    /// Minimum height of a row.
    package var leastRowHeight: Int

    /// - Parameter margin: By default as wide as a gap.
    package init(
      tileWidth: Int, labelWidth: Int? = nil, gap: Int = 12, margin: Int? = nil,
      lineHeight: Int = 15, leastRowHeight: Int = 0
    ) {
      self.tileWidth = tileWidth
      self.labelWidth = labelWidth
      self.gap = gap
      self.margin = margin ?? gap
      self.lineHeight = lineHeight
      self.leastRowHeight = leastRowHeight
    }

    /// The first column of pixels of a column of images.
    func left(of column: Int) -> Int {
      margin + (labelWidth.map { $0 + gap } ?? 0) + column * (tileWidth + gap)
    }
  }

  /// An image with the lines below it; without an image the lines take its place.
  package struct Cell: Sendable {
    let image: RGBImage?
    let lines: [SheetLine]

    package init(_ image: RGBImage?, lines: [SheetLine] = []) {
      self.image = image
      self.lines = lines
    }
  }

  /// The images beside each other, and the lines on their left.
  package struct Row: Sendable {
    let label: [SheetLine]
    let cells: [Cell]

    package init(label: [SheetLine] = [], _ cells: [Cell]) {
      self.label = label
      self.cells = cells
    }
  }

  private let layout: Layout
  private let head: [SheetLine]
  private let columns: [[SheetLine]]
  private let rows: [Row]

  /// - Parameters:
  ///   - head: lines above everything.
  ///   - columns: lines above each column; empty: none.
  package init(
    _ layout: Layout, head: [SheetLine] = [], columns: [[SheetLine]] = [], rows: [Row]
  ) {
    self.layout = layout
    self.head = head
    self.columns = columns
    self.rows = rows
  }

  /// Draws the sheet.
  package func image(background: RGBColor = .white) -> RGBImage {
    let (gap, margin) = (layout.gap, layout.margin)
    let count = max(columns.count, rows.map(\.cells.count).max() ?? 0)
    let columnsTop = margin + (head.isEmpty ? 0 : height(of: head) + gap)
    let headers = columns.map(height).max()
    let rowsTop = columnsTop + (headers.map { $0 + gap } ?? 0)
    let heights = rows.map(height)
    var canvas = Canvas(
      size: PixelSize(
        width: layout.left(of: count) - gap + margin,
        height: rowsTop + heights.reduce(0) { $0 + $1 + gap } - gap + margin),
      background: background)
    write(head, left: margin, top: margin, on: &canvas)
    for (column, lines) in columns.enumerated() {
      write(lines, left: layout.left(of: column), top: columnsTop, on: &canvas)
    }
    var top = rowsTop
    for (row, height) in zip(rows, heights) {
      draw(row, top: top, on: &canvas)
      top += height + gap
    }
    return canvas.image
  }

  /// Images with lines below them are aligned at the bottom, others at the top.
  private func draw(_ row: Row, top: Int, on canvas: inout Canvas) {
    write(row.label, left: layout.margin, top: top, on: &canvas)
    let tallest = row.cells.compactMap(\.image?.height).max() ?? 0
    for (column, cell) in row.cells.enumerated() {
      let left = layout.left(of: column)
      guard let image = cell.image else {
        write(cell.lines, left: left, top: top, on: &canvas)
        continue
      }
      let drop = cell.lines.isEmpty ? 0 : tallest - image.height
      canvas.paste(image, left: left, top: top + drop)
      write(cell.lines, left: left, top: top + tallest + layout.lineHeight / 2, on: &canvas)
    }
  }

  private func height(of row: Row) -> Int {
    let tallest = row.cells.compactMap(\.image?.height).max() ?? 0
    let cells = row.cells.map { cell in
      guard cell.image != nil else { return height(of: cell.lines) }
      return tallest + (cell.lines.isEmpty ? 0 : height(of: cell.lines) + layout.lineHeight)
    }
    return max(cells.max() ?? 0, height(of: row.label), layout.leastRowHeight)
  }

  private func height(of lines: [SheetLine]) -> Int { lines.count * layout.lineHeight }

  private func write(_ lines: [SheetLine], left: Int, top: Int, on canvas: inout Canvas) {
    for (number, line) in lines.enumerated() {
      line.write(left: left, top: top + number * layout.lineHeight, on: &canvas)
    }
  }
}
