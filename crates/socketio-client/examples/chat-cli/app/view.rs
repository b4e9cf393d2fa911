//! The screen.

use super::model::{Line as Said, Model};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, List, Paragraph, Wrap};

/// Width of the lists of rooms and people.
const SIDE: u16 = 22;

pub(crate) fn draw(frame: &mut Frame<'_>, model: &Model) {
    let [body, input, status] = Layout::vertical([
        Constraint::Min(3),
        Constraint::Length(3),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let [side, talk] =
        Layout::horizontal([Constraint::Length(SIDE), Constraint::Min(10)]).areas(body);
    let [rooms, people] =
        Layout::vertical([Constraint::Percentage(50), Constraint::Percentage(50)]).areas(side);

    let names = model.rooms.iter().map(|room| {
        let line = Line::from(format!("#{} ({})", room.name, room.count));
        if room.name == model.room {
            line.bold()
        } else {
            line
        }
    });
    frame.render_widget(List::new(names).block(titled("rooms")), rooms);
    let names = model.members.iter().map(|member| member.nick.as_str());
    frame.render_widget(List::new(names).block(titled("people")), people);
    draw_talk(frame, talk, model);
    draw_input(frame, input, model);
    let words = format!(" {} · {}", model.name, model.status);
    frame.render_widget(Paragraph::new(words).reversed(), status);
}

/// The end of the conversation: as many lines as there is room for.
fn draw_talk(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let lines: Vec<Line<'_>> = model
        .lines
        .iter()
        .map(|line| match line {
            Said::Said { nick, text } => {
                Line::from(vec![Span::from(format!("{nick}: ")).bold(), text.into()])
            }
            Said::Note(text) => Line::from(text.as_str()).italic(),
        })
        .collect();
    let block = titled(&format!("#{}", model.room));
    let inner = block.inner(area);
    let width = usize::from(inner.width.max(1));
    let height: usize = lines
        .iter()
        .map(|line| line.width().div_ceil(width).max(1))
        .sum();
    let above = height.saturating_sub(inner.height.into());
    let talk = Paragraph::new(lines)
        .wrap(Wrap { trim: false })
        .scroll((u16::try_from(above).unwrap_or(u16::MAX), 0))
        .block(block);
    frame.render_widget(talk, area);
}

fn draw_input(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let block = titled(&model.typing_line());
    let inner = block.inner(area);
    let width = Line::from(model.input.as_str()).width();
    let hidden = (width + 1).saturating_sub(inner.width.into());
    let hidden = u16::try_from(hidden).unwrap_or(u16::MAX);
    let input = Paragraph::new(model.input.as_str()).scroll((0, hidden));
    frame.render_widget(input.block(block), area);
    let column = u16::try_from(width)
        .unwrap_or(u16::MAX)
        .saturating_sub(hidden);
    frame.set_cursor_position(Position::new(inner.x + column, inner.y));
}

fn titled(title: &str) -> Block<'static> {
    Block::new().borders(Borders::ALL).title(title.to_owned())
}
