-- Revert reinvestment:left_shifts
begin;
drop table reinvestment.left_shift_version;
drop table reinvestment.left_shift;
delete from accord.fact where schema_name = 'reinvestment' and table_name in ('left_shift', 'left_shift_version');
commit;
